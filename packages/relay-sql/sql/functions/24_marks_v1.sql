-- The low-water mark of every lane: the lowest place of a ready event, or p_cand + 1 where there is none up to p_cand. Each lane
-- is read from its old mark on (p_channels, p_priorities, p_lows; a lane that is not among them from the beginning). A row that
-- somebody has locked counts as ready. Only right when the holders that horizon_v1 gave with p_cand are gone, and in a
-- statement begun after that was seen. idle: no lane has an event up to p_cand.
create or replace function pgrelay.marks_v1(
  p_cand bigint, p_channels integer[] default '{}', p_priorities smallint[] default '{}', p_lows bigint[] default '{}',
  out channels integer[], out priorities smallint[], out lows bigint[], out idle boolean
)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
  select coalesce(array_agg(l.channel_id), '{}'), coalesce(array_agg(l.priority), '{}'), coalesce(array_agg(coalesce(x.place, p_cand + 1)), '{}'),
      coalesce(bool_and(x.place is null), true)
    into channels, priorities, lows, idle
    from (select distinct k.channel_id, k.priority from pgrelay.lane k) l
    left join unnest(p_channels, p_priorities, p_lows) m(channel_id, priority, low) on m.channel_id = l.channel_id and m.priority = l.priority
    left join lateral (
      select q.place from pgrelay.queue q
      where q.channel_id = l.channel_id and q.priority = l.priority and q.slot is null and q.place >= coalesce(m.low, 0) and q.place <= p_cand
      order by q.place limit 1) x on true;
end $$;
