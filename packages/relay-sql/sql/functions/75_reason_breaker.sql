-- explain_event: the circuit breaker of its channel is open, or half open and trying another event.
create or replace function pgrelay.reason_breaker(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'breaker_open', format('the target of channel %s kept failing: open since %s, until %s', p_event.channel, b.opened_at, b.open_until),
    format('select pgrelay.close_breaker(%L);  -- when the target is mended; it also closes by itself', p_event.channel)
  from pgrelay.breaker b where b.channel_id = p_event.channel_id and p_event.stage in ('ready', 'delayed') and b.open_until > pgrelay.clock_now()
  union all
  select 'blocked', format('the breaker of channel %s is half open: blocked by event %s, held by slot %s worker %s', p_event.channel, q.id, q.slot, q.worker),
    format('select pgrelay.close_breaker(%L);  -- or wait for the end of that event, which shows whether the target works again', p_event.channel)
  from pgrelay.breaker b join pgrelay.queue q on q.id = b.probe
  where b.channel_id = p_event.channel_id and p_event.stage in ('ready', 'delayed') and b.open_until <= pgrelay.clock_now()
    and q.slot is not null and q.id <> p_event.id
$$;
