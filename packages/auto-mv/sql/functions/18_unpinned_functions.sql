-- The functions that the query of a view calls, through plain views, and whose body is text that is read again whenever
-- it runs, in the search_path of the session: the function has none of its own. PostgreSQL 17 and later refresh with
-- pg_catalog, pg_temp, where such a body finds only what it names with its schema.
--   remedy    the statement that gives it one, the function's own schema
--   version   changes whenever somebody alters or replaces it
create or replace function pgauto_mv.unpinned_functions(p_view oid) returns table (function oid, remedy text, version text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with recursive plain (oid) as (
    select p_view
    union
    select c.oid from plain v join pg_rewrite w on w.ev_class = v.oid
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = d.refobjid and c.relkind = 'v'
  ), used as (
    select distinct d.refclassid as class, d.refobjid as oid from plain v join pg_rewrite w on w.ev_class = v.oid
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
      and d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)
  ), called (oid) as (
    select u.oid from used u where u.class = 'pg_proc'::regclass
    union
    select o.oprcode::oid from used u join pg_operator o on o.oid = u.oid where u.class = 'pg_operator'::regclass
    union
    select f.oid from used u join pg_aggregate a on a.aggfnoid = u.oid
      cross join lateral (values (a.aggtransfn::oid), (a.aggfinalfn::oid)) f(oid) where u.class = 'pg_proc'::regclass
  )
  select p.oid, format('alter function %s set search_path = %I, pg_temp;', p.oid::regprocedure, n.nspname), format('%s %s', p.oid, p.xmin)
  from called c
  join pg_proc p on p.oid = c.oid
  join pg_language l on l.oid = p.prolang
  join pg_namespace n on n.oid = p.pronamespace
  where l.lanname not in ('internal', 'c') and p.prosqlbody is null and n.nspname <> 'pg_catalog'
    and not exists (select from unnest(p.proconfig) s where split_part(s, '=', 1) = 'search_path')
$$;
