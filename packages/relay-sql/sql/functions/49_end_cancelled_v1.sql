-- Ends events of a SQL channel as cancelled, after the batch in which they ran was cancelled because of them. p_elapsed_ms: since that began.
-- An event that another has by now is left to him: he ends it before it would run. Returns those that ended, as run_batch_v1 returns its
-- troubles.
create or replace function pgrelay.end_cancelled_v1(p_slot smallint, p_epoch bigint, p_worker smallint, p_ids bigint[], p_elapsed_ms double precision)
returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgrelay.check_fence(p_slot, p_epoch);
  return pgrelay.end_cancelled(p_slot, p_worker, p_ids, pgrelay.clock_now() - make_interval(secs => p_elapsed_ms / 1000));
end $$;
