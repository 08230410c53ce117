-- The ids of the next events of a SQL channel, in the order in which a batch with the same low-water marks takes them; nothing
-- is locked. After a timeout undid a batch, the Processor learns from it which event the single run that timed out was about.
create or replace function pgrelay.peek_v1(p_channel_id integer, p_limit integer, p_priorities smallint[] default '{}', p_lows bigint[] default '{}')
returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_after text;
begin
  -- Limited by key: those that a batch would take, and those without a key; each single run asks again whether it may.
  select s.after_key into v_after from pgrelay.channel_limit l join pgrelay.limit_state s on s.channel_id = l.channel_id
    where l.channel_id = p_channel_id and (l.fifo or l.fair or l.key_concurrency is not null);
  if found then
    return array(
      select x.id from (
        (select f.id from pgrelay.free_keys(p_channel_id, v_after, null, p_limit, 10000) f where f.head is not null)
        union all (select f.id from pgrelay.free_keys(p_channel_id, '', v_after, p_limit, 10000) f where f.head is not null and v_after <> '')
        union all (select q.id from pgrelay.free_unkeyed(p_channel_id, 0, p_limit, p_priorities, p_lows) f join pgrelay.queue q on q.ctid = f.head)) x
      limit 2 * p_limit);
  end if;
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
