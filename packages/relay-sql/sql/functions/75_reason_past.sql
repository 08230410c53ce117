-- explain_event: how the last attempt of an event that waits again ended: retried, snoozed or lost.
create or replace function pgrelay.reason_past(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select l.outcome, format('attempt %s ended at %s%s', l.attempt, l.finished_at, coalesce(': ' || coalesce(l.sqlstate, l.code), '')),
    '-- It runs again; what holds it up is said beside this.'
  from (select x.* from pgrelay.log x where x.event_id = p_event.id order by x.finished_at desc, x.attempt desc limit 1) l
  where p_event.stage in ('ready', 'delayed') and l.outcome in ('retried', 'snoozed', 'lost')
$$;
