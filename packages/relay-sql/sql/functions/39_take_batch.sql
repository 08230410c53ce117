-- The first part of run_batch_v1: locks up to p_limit ready events of a SQL channel and returns what running them needs, in the
-- order in which they run. Each lane is read from the Processor's low-water mark on, as in claim_v1. p_only_id takes that
-- one event, if it is still ready; coalesce keeps the index of ready events out, which would be walked for it. One whose worker was lost before is taken alone. A function of its own because of its planner settings, which the action must not inherit.
create or replace function pgrelay.take_batch(
  p_channel_id integer, p_limit integer, p_priorities smallint[], p_lows bigint[], p_only_id bigint,
  out rows tid[], out ids bigint[], out payloads text[], out keys text[]
)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_node smallint;
  v_expired timestamptz;      -- what was due by then and has not started has expired; NULL: nothing does
  v_lost boolean;
  v_last integer;
begin
  select n.id, pgrelay.clock_now() - c.expire_after into v_node, v_expired from pgrelay.node n, pgrelay.channel c where n.is_this and c.id = p_channel_id;
  if p_only_id is not null then
    select array_agg(q.ctid), array_agg(q.id), array_agg(q.payload), array_agg(q.dedup_key) filter (where q.dedup_key is not null)
      into rows, ids, payloads, keys
      from (
        select q.ctid, q.* from pgrelay.queue q
        where p_limit > 0 and q.id = p_only_id and q.channel_id = p_channel_id and coalesce(q.slot, 0::smallint) = 0 and q.node = v_node
          and (v_expired is null or q.attempt > 0 or q.run_at > v_expired)
        for update of q skip locked) q;
    return;
  end if;
  select array_agg(x.ctid), array_agg(x.id), array_agg(x.payload), array_agg(x.dedup_key) filter (where x.dedup_key is not null),
      bool_or(x.lost > 0)
    into rows, ids, payloads, keys, v_lost
    from (
      select x.ctid, x.id, x.payload, x.dedup_key, x.lost from (
        select k.priority, coalesce(max(m.low), 0) as low from pgrelay.lane k
        left join unnest(p_priorities, p_lows) m(priority, low) on m.priority = k.priority
        where k.channel_id = p_channel_id group by k.priority order by k.priority) l
      cross join lateral (
        select q.ctid, q.id, q.payload, q.dedup_key, q.lost from pgrelay.queue q
        where q.channel_id = p_channel_id and q.priority = l.priority and q.slot is null and q.place >= l.low and q.node = v_node
          and (v_expired is null or q.attempt > 0 or q.run_at > v_expired)
        order by q.place limit p_limit for update of q skip locked) x
      limit p_limit) x;
  if v_lost then
    v_last := greatest(array_position(array(select q.lost > 0 from unnest(ids) with ordinality i(id, n) join pgrelay.queue q on q.id = i.id order by i.n), true) - 1, 1);
    rows := rows[1 : v_last];
    ids := ids[1 : v_last];
    payloads := payloads[1 : v_last];
  end if;
end $$;
