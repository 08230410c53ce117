-- explain_event: its time has not come.
create or replace function pgrelay.reason_not_due(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'not_due', format('due in %s s, at %s', ceil(extract(epoch from p_event.run_at) - extract(epoch from pgrelay.clock_now())), p_event.run_at),
    format('select pgrelay.snooze(%s, interval ''0'');  -- lets it run now', p_event.id)
  where p_event.stage = 'delayed' and isfinite(p_event.run_at) and p_event.run_at > pgrelay.clock_now()
    and not exists (select from pgrelay.delayed d where d.id = p_event.id and d.first_at is not null)                -- debounced: reason_debounced()
$$;
