-- explain_event: it has ended: done, cancelled, or failed and kept. The server's words about a failure are in pgrelay.failed only.
create or replace function pgrelay.reason_ended(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select l.outcome, format('attempt %s ended at %s%s%s', l.attempt, l.finished_at, coalesce(', run by slot ' || l.slot || ' worker ' || l.worker, ''),
      coalesce(': ' || coalesce(l.sqlstate, l.code), '')),
    case l.outcome when 'failed' then '-- It is kept no more: it was deleted from pgrelay.failed.' else '-- Nothing: it is over.' end
  from (select x.* from pgrelay.log x where x.event_id = p_event.id order by x.finished_at desc, x.attempt desc limit 1) l
  where p_event.stage = 'ended'
  union all
  select f.reason, format('attempt %s failed for good at %s: %s', f.attempt, f.failed_at, coalesce(f.sqlstate, f.code)),
    case when exists (select from pgrelay.channel c where c.name = f.channel) then format('select pgrelay.redrive(%s);  -- when the cause is mended: sqlstate, code and message are in pgrelay.failed', f.id)
      else format('-- Register channel %s again, then: select pgrelay.redrive(%s);', f.channel, f.id) end
  from pgrelay.failed f where p_event.stage = 'failed' and f.id = p_event.id
$$;
