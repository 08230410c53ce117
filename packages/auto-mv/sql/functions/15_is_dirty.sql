-- Whether a change that the contents of the view do not have is visible now, or a source is gated, of which nobody knows.
-- Exact: see the table state.
create or replace function pgauto_mv.is_dirty(p_mv_id bigint, p_snap pg_snapshot) returns boolean
language sql stable
as $$
  select p_snap is null or exists (
    select from pgauto_mv.view_watch d
    join pgauto_mv.change c on c.watch_id = d.watch_id and c.xid >= pg_catalog.pg_snapshot_xmin(p_snap)
      and not pg_catalog.pg_visible_in_snapshot(c.xid, p_snap)
    where d.mv_id = p_mv_id) or pgauto_mv.is_gated(p_mv_id)
$$;
