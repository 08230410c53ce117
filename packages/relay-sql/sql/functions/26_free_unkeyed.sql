-- Ready events without a key of a channel that is limited by key, lane by lane, the lowest priority number first. No index has them apart,
-- so at most a thousand events of a lane are looked at, from p_from on or, if that is later, from the Processor's low-water mark. A last
-- row without event says where to look on: 0 when all lanes came to their end.
create or replace function pgrelay.free_unkeyed(p_channel_id integer, p_from bigint, p_limit integer, p_priorities smallint[], p_lows bigint[])
returns table (head tid, next_place bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_node smallint := (select n.id from pgrelay.node n where n.is_this);
begin
  return query
    with l as materialized (
      select k.priority, greatest(coalesce(max(m.low), 0), p_from) as low from pgrelay.lane k
      left join unnest(p_priorities, p_lows) m(priority, low) on m.priority = k.priority
      where k.channel_id = p_channel_id group by k.priority order by k.priority
    ), seen as (
      select l.priority, x.row, x.place, x.key, x.node, x.n from l cross join lateral (
        select y.row, y.place, y.key, y.node, row_number() over (order by y.place) as n from (
          select q.ctid as row, q.place, q.key, q.node from pgrelay.queue q
          where q.channel_id = p_channel_id and q.priority = l.priority and q.slot is null and q.place >= l.low order by q.place limit 1000) y) x
    )
    (select s.row, null::bigint from seen s where s.key is null and s.node = v_node order by s.priority, s.place)
    union all
    (select null, coalesce(min(s.place), -1) + 1 from seen s where s.n = 1000)
    limit p_limit;
end $$;
