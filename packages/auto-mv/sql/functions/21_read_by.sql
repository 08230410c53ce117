-- What the query of a view reads, through plain views and functions whose bodies the catalog knows: tables ('r', 'p'),
-- materialized views ('m'), foreign tables ('f'). p_through_matviews goes on through materialized views too: then the
-- result is everything upstream.
create or replace function pgauto_mv.read_by(p_view oid, p_through_matviews boolean default false)
returns table (relation oid, kind "char")
language sql stable rows 4 set search_path = pg_catalog, pg_temp
as $$
  select c.oid, c.relkind from pgauto_mv.reaches(p_view, p_through_matviews) r
  join pg_class c on r.classid = 'pg_class'::regclass and c.oid = r.objid
  where c.oid <> p_view and c.relkind in ('r', 'p', 'm', 'f')
$$;
