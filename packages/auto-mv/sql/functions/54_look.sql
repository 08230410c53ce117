-- What the planner sees: one row per view that is dirty, wanted by a waiter, to be refreshed though nothing has changed
-- (its schedule, its safety refresh), or not yet accounted for. All of it in one statement and so in one snapshot, which is
-- returned too.
--   dirty   a change is visible that is not in the contents (or nothing is known of them)
--   news    one of these was not visible when the planner looked last
--   chain   they are all refreshes of materialized views that this one reads or is chained behind
--   linked  there are such views
--
-- newest: the latest change of each watch, above all that its views have served. Only the pairs of view and watch
-- that it can concern are looked into, by walks that end at the first hit: a change that is not in the contents
-- (unserved), one that was not there either when the planner looked last (news). xid >= xmin is exact and keeps
-- all of them off what is served and off dead rows.
-- The plan is kept while the change log grows from nothing to millions of rows: hence never a sequential scan.
create or replace function pgauto_mv.look() returns table (
  mv pgauto_mv.mv, state pgauto_mv.state, observation pgauto_mv.observation, snap pg_snapshot, token xid8,
  dirty boolean, news boolean, chain boolean, linked boolean
)
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
  return query
  with moment as materialized (
    select pgrelay.clock_now() as now
  ), newest as materialized (
    select b.watch_id, b.operation,
      (select c.xid from pgauto_mv.change c where c.watch_id = b.watch_id and c.xid >= b.low order by c.xid desc limit 1) as xid
    from (
      select w.id as watch_id, w.operation,
        min(coalesce(pg_snapshot_xmin(s.snap), pg_snapshot_xmin(o.seen_snap), '0')) as low
      from pgauto_mv.watch w
      join pgauto_mv.view_watch d on d.watch_id = w.id
      join pgauto_mv.state s on s.mv_id = d.mv_id
      join pgauto_mv.observation o on o.mv_id = d.mv_id
      group by w.id) b
  ), pair as materialized (
    select d.mv_id, n.operation,
      exists (select from pgauto_mv.change c where c.watch_id = d.watch_id
        and c.xid >= pg_snapshot_xmin(s.snap) and not pg_visible_in_snapshot(c.xid, s.snap)) as unserved,
      exists (select from pgauto_mv.change c where c.watch_id = d.watch_id
        and c.xid >= greatest(pg_snapshot_xmin(s.snap), pg_snapshot_xmin(o.seen_snap), '0')
        and (s.snap is null or not pg_visible_in_snapshot(c.xid, s.snap))
        and (o.seen_snap is null or not pg_visible_in_snapshot(c.xid, o.seen_snap))) as news
    from newest n
    cross join lateral (select v.mv_id, v.watch_id from pgauto_mv.view_watch v where v.watch_id = n.watch_id offset 0) d   -- not all pairs
    join pgauto_mv.state s on s.mv_id = d.mv_id
    join pgauto_mv.observation o on o.mv_id = d.mv_id
    where n.xid is not null and n.xid >= coalesce(pg_snapshot_xmin(s.snap), pg_snapshot_xmin(o.seen_snap), '0')
  ), seen as (
    select p.mv_id, bool_or(p.unserved) as unserved, bool_or(p.news) as news,
      bool_and(p.operation = 'REFRESH') filter (where p.unserved) as chain
    from pair p group by p.mv_id
  )
  select m, s, o, pg_current_snapshot(), w.token,
    s.snap is null or coalesce(n.unserved, false), coalesce(n.news, false), coalesce(n.chain, false),
    exists (select from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id where d.mv_id = m.id and w.operation = 'REFRESH')
  from pgauto_mv.mv m
  join pgauto_mv.state s on s.mv_id = m.id
  join pgauto_mv.observation o on o.mv_id = m.id
  left join seen n on n.mv_id = m.id
  left join pgauto_mv.wanted() w on w.mv_id = m.id
  left join pgauto_mv.schedule c on c.name = m.schedule
  cross join moment t
  where s.snap is null or n.unserved or w.token is not null
    or o.first_seen is not null or o.skip_reason is not null or o.done_epoch is distinct from s.done_epoch
    or o.fire_at <= t.now or o.fired_at is not null
    or coalesce(c.spec, m.schedule) is distinct from o.fire_spec
    or coalesce(c.zone, case when m.schedule is not null then 'UTC' end) is distinct from o.fire_zone
    or s.done_at - s.done_duration + m.safety_refresh <= t.now or (m.safety_refresh is not null and o.due_at is null)
    or (o.due_at is not null and m.schedule is null and m.safety_refresh is null);
end $$;
