-- Gives claimed events back that did not start, or whose Processor lost its own connection: no outcome, no attempt. They
-- are ready under their old places, so pgrelay.rescan is drawn, after the write: low-water marks may be above them.
-- Rows are found by their ids, as in settle_v1.
create or replace function pgrelay.release_v1(p_slot smallint, p_epoch bigint, p_ids bigint[]) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_released integer;
begin
  update pgrelay.queue q set slot = null, epoch = null, worker = null, claimed_at = null, permit = null, attempt = q.attempt - 1
    where q.id = any (p_ids) and coalesce(q.slot, 0::smallint) = p_slot and q.epoch = p_epoch;
  get diagnostics v_released = row_count;
  if v_released > 0 then
    perform nextval('pgrelay.rescan');
  end if;
  return v_released;
end $$;
