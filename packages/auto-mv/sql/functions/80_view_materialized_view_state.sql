-- The four columns of the published control table, computed: is_dirty is exact, and last_dirtied_at is the latest change
-- seen. Nothing writes here; a name prints as it would have to be written in the reader's search_path.
create or replace view pgauto_mv.materialized_view_state as
select coalesce(case when pgauto_mv.relation_name(m.view) is not null then m.view::regclass::text end,
    pg_catalog.format('%I.%I', m.schema_name, m.view_name)) as view_name,
  s.snap is null or m.node_id is distinct from (select pgauto_mv.node_here()) or u.last_at is not null or pgauto_mv.is_gated(m.id) as is_dirty,
  s.done_at as last_refreshed_at,
  greatest(u.last_at, o.dirtied_at) as last_dirtied_at
from pgauto_mv.mv m
join pgauto_mv.state s on s.mv_id = m.id
left join pgauto_mv.observation o on o.mv_id = m.id
left join lateral (
  select max(c.at) as last_at from pgauto_mv.view_watch d
  join pgauto_mv.change c on c.watch_id = d.watch_id and c.xid >= pg_catalog.pg_snapshot_xmin(s.snap)
    and not pg_catalog.pg_visible_in_snapshot(c.xid, s.snap)
  where d.mv_id = m.id) u on true;
