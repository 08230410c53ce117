-- The ids of the next events of a SQL channel, in the order in which a batch with the same low-water marks takes them; nothing
-- is locked. After a timeout undid a batch, the Processor learns from it which event the single run that timed out was about.
create or replace function pgrelay.peek_v1(p_channel_id integer, p_limit integer, p_priorities smallint[] default '{}', p_lows bigint[] default '{}')
returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
  return array(
    select x.id from (
      select k.priority, coalesce(max(m.low), 0) as low from pgrelay.lane k
      left join unnest(p_priorities, p_lows) m(priority, low) on m.priority = k.priority
      where k.channel_id = p_channel_id group by k.priority order by k.priority) l
    cross join lateral (
      select q.id from pgrelay.queue q
      where q.channel_id = p_channel_id and q.priority = l.priority and q.slot is null and q.place >= l.low
        and q.node = (select n.id from pgrelay.node n where n.is_this)
        and (q.attempt > 0 or q.run_at > coalesce((select pgrelay.clock_now() - c.expire_after from pgrelay.channel c where c.id = p_channel_id), '-infinity'))
      order by q.place limit p_limit) x
    limit p_limit);
end $$;
