-- The watches that the query of a view asks for, and what it reads that cannot be watched.
-- Returns one row per relation with operations (all of a table's, or REFRESH of a materialized view) or, where operations
-- is NULL, the reason why nothing can watch it. Functions of the user's own are listed because what their bodies read is
-- not in the catalog; the clock and random() because they change the result with no write at all.
create or replace function pgauto_mv.derive_watches(p_view oid)
returns table (relation oid, operations text[], object text, reason text)
language sql stable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  with reads as (
    select f.relation, f.kind, c.relpersistence, n.nspname
    from (select distinct x.relation, x.kind from pgauto_mv.read_by(p_view) b cross join lateral pgauto_mv.with_children(b.relation) x) f
    join pg_class c on c.oid = f.relation
    join pg_namespace n on n.oid = c.relnamespace
  ), views as (
    with recursive v (oid) as (
      select p_view
      union
      select c.oid from v join pg_rewrite w on w.ev_class = v.oid
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
      join pg_class c on c.oid = d.refobjid and c.relkind = 'v'
    ) select v.oid from v
  )
  select r.relation, array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'], pgauto_mv.relation_name(r.relation), null
    from reads r where r.kind in ('r', 'p') and r.nspname not in ('pg_catalog', 'information_schema')
  union all
  select r.relation, array['REFRESH'], pgauto_mv.relation_name(r.relation), null from reads r where r.kind = 'm'
  union all
  select null, null, pgauto_mv.relation_name(r.relation),
      case when r.kind = 'f' then 'a foreign table is written elsewhere, where no trigger of ours fires'
        else 'a system catalog takes no trigger' end
    from reads r where r.kind = 'f' or (r.kind in ('r', 'p') and r.nspname in ('pg_catalog', 'information_schema'))
  union all
  select distinct null::oid, null::text[], p.oid::regprocedure::text, 'what the body of a function reads is not in the catalog'
    from views v join pg_rewrite w on w.ev_class = v.oid
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_proc'::regclass
    join pg_proc p on p.oid = d.refobjid join pg_language l on l.oid = p.prolang
    where p.provolatile <> 'i' and l.lanname not in ('internal', 'c') and p.prosqlbody is null
  union all
  select distinct null::oid, null::text[], lower(m.found[1]), 'its result changes with no write to any table'
    from views v cross join lateral regexp_matches(
      regexp_replace(pg_get_viewdef(v.oid), '''([^'']|'''')*''|"([^"]|"")*"', ' ', 'g'),
      '\m((?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random)(?=\()|(?:CURRENT_DATE|CURRENT_TIME|CURRENT_TIMESTAMP|LOCALTIME|LOCALTIMESTAMP)\M)', 'g') m (found)
$$;
