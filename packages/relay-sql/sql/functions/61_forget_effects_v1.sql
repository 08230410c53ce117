-- Forgets recorded effects that are older than the retention and whose event has ended. Those of an event that waits, runs
-- or is kept in failed stay: it may run again. Returns how many went.
create or replace function pgrelay.forget_effects_v1(p_retention interval default interval '30 days') returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone bigint;
begin
  delete from pgrelay.effect e
    where e.at < pgrelay.clock_now() - p_retention and not exists (select from pgrelay.queue q where q.id = e.event_id)
      and not exists (select from pgrelay.delayed d where d.id = e.event_id) and not exists (select from pgrelay.failed f where f.id = e.event_id);
  get diagnostics v_gone = row_count;
  return v_gone;
end $$;
