-- Gives claimed events back that did not start, or whose Processor lost its own connection: no outcome, no attempt.
create or replace function pgrelay.release_v1(p_slot smallint, p_epoch bigint, p_ids bigint[]) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_released integer;
begin
  update pgrelay.queue q set slot = null, epoch = null, worker = null, claimed_at = null, attempt = q.attempt - 1
    where q.id = any (p_ids) and q.slot = p_slot and q.epoch = p_epoch;
  get diagnostics v_released = row_count;
  return v_released;
end $$;
