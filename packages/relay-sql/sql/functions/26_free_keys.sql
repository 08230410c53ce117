-- The keys of a channel of which an event may start now, each with its first ready event: those after p_after, up to p_until (NULL: to the
-- last), in their order, at most p_limit of them. Jumps from key to key, so that a key with many events costs no more than one
-- with a single one, and looks at no more than p_most keys. Left out are keys that have as many events running as they may and, in
-- order (fifo), keys of which an earlier event waits for its next attempt. Nothing is locked: the caller locks the event, and leaves the
-- key alone when it cannot, for the next one of that key must not overtake it. coalesce keeps indexes out that would do as well for the planner.
-- A last row without event says, when there is room for it, at which key the walk ended and how many it looked at.
create or replace function pgrelay.free_keys(p_channel_id integer, p_after text, p_until text, p_limit integer, p_most integer)
returns table (head tid, id bigint, key text, walked integer)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
  v_of_key integer;
  v_fifo boolean;
  v_low bigint;
  v_node smallint := (select n.id from pgrelay.node n where n.is_this);
begin
  select l.key_concurrency, l.fifo, s.low_permit into v_of_key, v_fifo, v_low
    from pgrelay.channel_limit l join pgrelay.limit_state s on s.channel_id = l.channel_id where l.channel_id = p_channel_id;
  return query
    with recursive full_keys as materialized (
      select q.key from pgrelay.queue q
      where v_of_key is not null and q.channel_id = p_channel_id and q.permit >= v_low and coalesce(q.slot, 0::smallint) > 0 and q.key is not null
      group by q.key having count(*) >= v_of_key
    ), walk as (
      select 0 as step, p_after collate "C" as key, null::bigint as id, null::tid as head
      union all
      select w.step + 1, x.key, x.id, x.head from walk w cross join lateral (
        select q.key, q.id, q.ctid as head from pgrelay.queue q
        where q.channel_id = p_channel_id and q.slot is null and q.key > w.key and q.node = v_node
        order by q.channel_id, q.key, q.id limit 1) x
      where w.step < p_most and (p_until is null or w.key < p_until)
    )
    (select w.head, w.id, w.key, w.step from walk w
      where w.step > 0 and (p_until is null or w.key <= p_until) and w.key not in (select f.key from full_keys f)
        and (not v_fifo or not exists (
          select from pgrelay.delayed d where coalesce(d.channel_id, 0) = p_channel_id and d.key = w.key and d.attempt > 0 and d.id < w.id and d.node = v_node)))
    union all
    (select null, null, e.key, e.step from (select w.key, w.step, row_number() over (order by w.step desc) as back from walk w) e where e.back = 1)
    limit p_limit;
end $$;
