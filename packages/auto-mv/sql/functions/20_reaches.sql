-- Everything that the query of a view goes through, as catalog and oid: the rules that hold the queries of it and of the
-- plain views below (not of system views); the functions and operators it calls, and what is in bodies of the SQL
-- standard's form, whose names the catalog knows; the relations. p_through_matviews goes on through materialized views.
create or replace function pgauto_mv.reaches(p_view oid, p_through_matviews boolean default false) returns table (classid oid, objid oid)
language sql stable rows 20 set search_path = pg_catalog, pg_temp
as $$
  with recursive reached (classid, objid) as (
    select 'pg_class'::regclass::oid, p_view
    union
    select n.classid, n.objid from reached r cross join lateral (
      select 'pg_rewrite'::regclass::oid as classid, w.oid as objid
      from pg_class c join pg_namespace s on s.oid = c.relnamespace join pg_rewrite w on w.ev_class = c.oid and w.ev_type = '1'
      where r.classid = 'pg_class'::regclass and c.oid = r.objid and s.nspname not in ('pg_catalog', 'information_schema')
        and (c.relkind = 'v' or c.relkind = 'm' and (p_through_matviews or c.oid = p_view))
      union all
      select d.refclassid, d.refobjid from pg_depend d
      where r.classid in ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass)
        and d.classid = r.classid and d.objid = r.objid and d.deptype = 'n'
        and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass)) n
  )
  select r.classid, r.objid from reached r
$$;
