-- The channels that have a ready event and are active, with their kind, and what their limits are about, the whole channel or only keys; of
-- handler channels those that are asked for. However many
-- dead rows lie below the low-water marks (p_channels, p_priorities, p_lows), they are not read; a lane that is not among them
-- is read from the beginning.
create or replace function pgrelay.ready_channels(
  p_handler_channels integer[], p_channels integer[], p_priorities smallint[], p_lows bigint[]
)
returns table (channel_id integer, channel text, kind text, parallel boolean, timeout_ms double precision, breaker boolean, limited text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
  -- The marks are joined to the lanes once, and the array of handlers is hashed, for there may be a thousand of each.
  return query
    with marked as materialized (
      select l.channel_id, l.priority, coalesce(m.low, 0) as low from pgrelay.lane l
      left join unnest(p_channels, p_priorities, p_lows) m(channel_id, priority, low) on m.channel_id = l.channel_id and m.priority = l.priority
    )
    select c.id, c.name, c.kind, c.parallel, extract(epoch from c.statement_timeout)::double precision * 1000, c.breaker,
      case when c.limited then (select case when num_nonnulls(l.concurrency, l.rate) > 0 then 'channel' else 'key' end from pgrelay.channel_limit l where l.channel_id = c.id) end
    from pgrelay.channel c
    where c.state = 'active' and (c.kind <> 'handler' or c.id in (select h.id from unnest(p_handler_channels) h(id)))
      and case when c.id in (
        select l.channel_id from marked l
        cross join lateral (
          select from pgrelay.queue q
          where q.channel_id = l.channel_id and q.priority = l.priority and q.slot is null and q.place >= l.low limit 1) x)
      then (not c.breaker or pgrelay.lets_through_v1(c.id))              -- asked where something waits only
        and (not c.limited or pgrelay.has_room_v1(c.id, p_channels, p_priorities, p_lows)) end
    order by c.id;
end $$;
