-- explain_event: it has ended: done, cancelled, or failed and kept. The server's words about a failure are in pgrelay.failed only.
create or replace function pgrelay.reason_ended(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select l.outcome, format('attempt %s ended at %s%s%s', l.attempt, l.finished_at, coalesce(', run by slot ' || l.slot || ' worker ' || l.worker, ''),
      case when l.into_event is not null then format(': debounced into event %s', pgrelay.debounced_into(l.event_id))
        when l.outcome = 'cancelled' and l.code = 'expired' then ': expired, for it had not started in time' else coalesce(': ' || coalesce(l.sqlstate, l.code), '') end),
    case when l.into_event is not null then format('select * from pgrelay.explain_event(%s);  -- the one that runs for it', pgrelay.debounced_into(l.event_id))
      when l.outcome = 'cancelled' and l.code = 'expired' then format('select pgrelay.set_expiry(%L, null);  -- or a longer time: for those to come; send this one again', l.channel)
      when l.outcome = 'failed' then '-- It is kept no more: it was deleted from pgrelay.failed.' else '-- Nothing: it is over.' end
  from (select x.* from pgrelay.log x where x.event_id = p_event.id order by x.finished_at desc, x.attempt desc limit 1) l
  where p_event.stage = 'ended'
  union all
  select f.reason, format('attempt %s failed for good at %s: %s', f.attempt, f.failed_at, coalesce(f.sqlstate, f.code)),
    case when exists (select from pgrelay.channel c where c.name = f.channel) then format('select pgrelay.redrive(%s);  -- when the cause is mended: sqlstate, code and message are in pgrelay.failed', f.id)
      else format('-- Register channel %s again, then: select pgrelay.redrive(%s);', f.channel, f.id) end
  from pgrelay.failed f where p_event.stage = 'failed' and f.id = p_event.id
$$;
