-- Cleans up: change rows that every view of their watch has served go, each leaving a firing in the log; log rows older
-- than p_keep (firings: p_keep_firings) go too. At most p_limit of each a call, so that it stays short.
-- A row is served when it is visible in the snapshot of the view's contents; a view whose snap is NULL has served
-- nothing. Returns how many change rows went. Rows of a watch that is no more are served by definition.
create or replace function pgauto_mv.collect_v1(
  p_keep interval default interval '7 days', p_keep_firings interval default interval '1 day', p_limit integer default 20000
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_count bigint;
  v_now timestamptz := pgrelay.clock_now();
begin
  with bound as (                     -- nothing at or above the lowest xmax of a watch's views is in all their snapshots
    select w.id, min(pg_snapshot_xmax(s.snap)) as xmax
    from pgauto_mv.watch w
    left join pgauto_mv.view_watch d on d.watch_id = w.id
    left join pgauto_mv.state s on s.mv_id = d.mv_id
    group by w.id
    having count(d.mv_id) = count(s.snap)
  ), served as (
    select c.ctid from bound b cross join lateral (
      select c.ctid from pgauto_mv.change c
      where c.watch_id = b.id and c.xid < coalesce(b.xmax, '18446744073709551615') and not exists (
        select from pgauto_mv.view_watch d join pgauto_mv.state s on s.mv_id = d.mv_id
        where d.watch_id = c.watch_id and (s.snap is null or not pg_visible_in_snapshot(c.xid, s.snap)))
      limit p_limit) c
    limit p_limit
  ), gone as (
    delete from pgauto_mv.change c where c.ctid = any (array(select s.ctid from served s)) returning c.*
  ), archived as (
    insert into pgauto_mv.log (at, kind, watch_id, relation, operation, xid, role, application_name)
      select min(g.at), 'firing', g.watch_id, format('%I.%I', w.schema_name, w.relation_name), w.operation, g.xid, min(g.role), min(g.application_name)
      from gone g join pgauto_mv.watch w on w.id = g.watch_id group by g.watch_id, w.schema_name, w.relation_name, w.operation, g.xid
  )
  select count(*) into v_count from gone;
  with recursive present (watch_id) as (
    select min(c.watch_id) from pgauto_mv.change c
    union all
    select (select min(c.watch_id) from pgauto_mv.change c where c.watch_id > p.watch_id) from present p where p.watch_id is not null
  )
  delete from pgauto_mv.change c using present p
    where c.watch_id = p.watch_id and not exists (select from pgauto_mv.watch w where w.id = p.watch_id);
  delete from pgauto_mv.log l where l.ctid = any (array(
    select x.ctid from pgauto_mv.log x where x.kind = 'firing' and x.at < v_now - p_keep_firings order by x.at limit p_limit));
  delete from pgauto_mv.log l where l.ctid = any (array(
    select x.ctid from pgauto_mv.log x where x.kind <> 'firing' and x.at < v_now - p_keep order by x.at limit p_limit));
  return v_count;
end $$;
