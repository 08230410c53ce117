-- Which channels have work that this Processor may take: SQL and top-level channels, and the handler channels it serves. Moves due
-- delayed events into the queue first. Touches one index entry per lane when there is nothing to do, however much is
-- delayed or logged, and however many dead rows lie below the Processor's low-water marks (p_channels, p_priorities, p_lows; a
-- lane that is not among them is read from the beginning). Returns the channels with their kind, and when the next delayed
-- event is due.
create or replace function pgrelay.poll_v1(
  p_handler_channels integer[], p_channels integer[] default '{}', p_priorities smallint[] default '{}', p_lows bigint[] default '{}',
  p_promote integer default 1000
)
returns table (channel_id integer, channel text, kind text, parallel boolean, timeout_ms double precision, next_due_ms double precision)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_next double precision := pgrelay.promote_v1(p_promote);
begin
  return query
    select c.id, c.name, c.kind, c.parallel, extract(epoch from c.statement_timeout)::double precision * 1000, v_next
    from pgrelay.channel c
    where c.state = 'active' and (c.kind <> 'handler' or c.id = any (p_handler_channels)) and (not c.breaker or pgrelay.lets_through_v1(c.id))
      and exists (
        select from pgrelay.lane l
        left join unnest(p_channels, p_priorities, p_lows) m(channel_id, priority, low) on m.channel_id = l.channel_id and m.priority = l.priority
        cross join lateral (
          select from pgrelay.queue q
          where q.channel_id = l.channel_id and q.priority = l.priority and q.slot is null and q.place >= coalesce(m.low, 0) limit 1) x
        where l.channel_id = c.id)
    order by c.id;
  if not found then
    return query select null::integer, null::text, null::text, null::boolean, null::double precision, v_next;
  end if;
end $$;
