-- Whether an event has not ended: it waits, runs, or waits for a retry.
create or replace function pgrelay_cron.is_running(p_event_id bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select from pgrelay.queue q where q.id = p_event_id) or exists (select from pgrelay.delayed d where d.id = p_event_id)
$$;
