-- The watches that a view is tied to, of relations that are there.
create or replace function pgauto_mv.present_watches(p_mv_id bigint) returns table (relation oid, operation text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select w.relation, w.operation from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id
  where d.mv_id = p_mv_id and d.watched and exists (select from pg_class c where c.oid = w.relation)
$$;
