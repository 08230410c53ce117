-- Code that the query of a view runs and that is not to run with the rights of some roles, with its owner: a REFRESH runs it
-- as the owner of the view in a frame it cannot leave, a comparison runs it as whoever compares. Trusted is what belongs to a
-- role that has all these rights already: a superuser, the roles themselves, their members.
create or replace function pgauto_mv.untrusted_code(p_view oid, p_roles name[]) returns table (object text, owner name)
language sql stable rows 1 set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  with reached as materialized (
    select r.classid, r.objid from pgauto_mv.reaches(p_view) r
  ), code as (
    select p.oid::regprocedure::text as object, p.proowner as owner from reached r
      join pg_proc p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
    union
    select p.oid::regprocedure::text, p.proowner from reached r
      join pg_aggregate a on r.classid = 'pg_proc'::regclass and a.aggfnoid = r.objid
      cross join lateral (values (a.aggtransfn::oid), (a.aggfinalfn::oid)) f(oid) join pg_proc p on p.oid = f.oid
    union
    select 'domain ' || t.oid::regtype, t.typowner from reached r         -- its constraints
      left join pg_rewrite w on r.classid = 'pg_rewrite'::regclass and w.oid = r.objid
      left join pg_proc p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
      cross join lateral regexp_matches(coalesce(w.ev_action, p.prosqlbody)::text, ':resulttype ([0-9]+)', 'g') m (found)
      join pg_type t on t.oid = m.found[1]::oid and t.typtype = 'd'
  )
  select c.object, o.rolname from code c join pg_roles o on o.oid = c.owner
  where exists (select from unnest(p_roles) r where not pg_has_role(c.owner, r, 'MEMBER'))
  order by 1
$$;
