-- What the query of a view reads, through plain views: tables ('r', 'p'), materialized views ('m'), foreign tables ('f').
-- p_through_matviews goes on through materialized views too: then the result is everything upstream.
-- From pg_rewrite and pg_depend, so it knows what the parser knew; what a function's body reads is not there.
create or replace function pgauto_mv.read_by(p_view oid, p_through_matviews boolean default false)
returns table (relation oid, kind "char")
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with recursive reads (relation, kind) as (
    select p_view, 'v'::"char"
    union
    select c.oid, c.relkind
    from reads v
    join pg_rewrite w on w.ev_class = v.relation
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass and d.deptype = 'n'
    join pg_class c on c.oid = d.refobjid
    where v.kind = 'v' or (p_through_matviews and v.kind = 'm')
  )
  select distinct r.relation, r.kind from reads r where r.relation <> p_view and r.kind in ('r', 'p', 'm', 'f')
$$;
