-- Forgets where events came from that are older than the retention and have ended. Returns how many went.
create or replace function pgrelay.forget_causes_v1(p_retention interval default interval '30 days') returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone bigint;
begin
  delete from pgrelay.cause c
    where c.at < pgrelay.clock_now() - p_retention and not exists (select from pgrelay.queue q where q.id = c.event_id)
      and not exists (select from pgrelay.delayed d where d.id = c.event_id) and not exists (select from pgrelay.failed f where f.id = c.event_id);
  get diagnostics v_gone = row_count;
  return v_gone;
end $$;
