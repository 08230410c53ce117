-- explain_event: it waits for other events to end (after_all).
create or replace function pgrelay.reason_awaits(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'awaits', format('it waits for %s events to end, such as %s%s', count(*), min(a.event_id), coalesce('; event ' || min(f.id) || ' of them failed', '')),
    case when min(f.id) is not null then format('select pgrelay.redrive(%s);  -- when its cause is mended', min(f.id)) else format('select pgrelay.snooze(%s, interval ''0'');  -- lets it run without them', p_event.id) end
  from pgrelay.awaited a left join pgrelay.failed f on f.id = a.event_id
  where a.waiter_id = p_event.id and p_event.stage = 'delayed' and p_event.run_at = 'infinity'
  having count(*) > 0
$$;
