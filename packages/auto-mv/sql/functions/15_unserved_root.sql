-- Of the committed changes that contents computed under p_snap lack: the lowest transaction at the root (the change of a
-- table is its own root, the refresh of another view has that of what it served), when the oldest of them was made, and how
-- long the refreshes on the way took at most. root is 0 when nothing is known of the contents, NULL when nothing is missing.
create or replace function pgauto_mv.unserved_root(p_mv_id bigint, p_snap pg_snapshot)
returns table (root xid8, root_at timestamptz, root_duration interval)
language sql stable rows 1 set search_path = pg_catalog, pg_temp
as $$
  select case when p_snap is null then '0'::xid8 else min(coalesce(c.root, c.xid)) end, min(coalesce(c.root_at, c.at)), max(c.root_duration)
  from pgauto_mv.view_watch d
  join pgauto_mv.change c on c.watch_id = d.watch_id and c.xid >= pg_snapshot_xmin(p_snap) and not pg_visible_in_snapshot(c.xid, p_snap)
  where d.mv_id = p_mv_id
$$;
