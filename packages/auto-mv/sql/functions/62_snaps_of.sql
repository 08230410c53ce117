-- The snapshots that the contents of a view come from when it is refreshed under p_snap: that one, and those of the materialized
-- views it reads, as the calling transaction sees them; a NULL element: unknown.
create or replace function pgauto_mv.snaps_of(p_view oid, p_snap pg_snapshot) returns pg_snapshot[]
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct x.snap::text from (
      select p_snap as snap
      union all
      select e.snap from pgauto_mv.read_by(p_view) b
      left join pgauto_mv.mv u on u.view = b.relation
      left join pgauto_mv.state us on us.mv_id = u.id
      left join lateral unnest(us.snaps) e(snap) on true
      where b.kind = 'm') x)::pg_snapshot[]
$$;
