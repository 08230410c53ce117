-- Watches of tables that have been dropped, with the views that do not need them: their watches are derived, or a parent of
-- partitions or children is still watched. For any other it is a problem row: its query and its watches disagree.
create or replace function pgauto_mv.gone_watches() returns table (mv_id bigint, watch_id bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select d.mv_id, d.watch_id
  from pgauto_mv.watch w join pgauto_mv.view_watch d on d.watch_id = w.id join pgauto_mv.mv m on m.id = d.mv_id
  where not exists (select from pg_class c where c.oid = w.relation) and exists (select from pg_class c where c.oid = m.view)
    and not d.chained and (m.derived or exists (
      select from pgauto_mv.view_watch o join pgauto_mv.watch p on p.id = o.watch_id
      join pg_class c on c.oid = p.relation and (c.relkind = 'p' or c.relhassubclass) where o.mv_id = m.id))
$$;
