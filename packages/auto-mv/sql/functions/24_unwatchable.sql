-- What the query of a view depends on and nothing can watch, or can watch whole, with the reason: foreign tables, system
-- catalogs, sequences; functions whose bodies the catalog does not know; the clock, random() and what else changes with
-- no write to a table; row security and unlogged tables, whose effect on the result takes no write either.
create or replace function pgauto_mv.unwatchable(p_view oid) returns table (object text, reason text)
language sql stable rows 2 set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  with reached as materialized (
    select r.classid, r.objid from pgauto_mv.reaches(p_view) r
  ), tree as materialized (
    select coalesce(w.ev_action, p.prosqlbody)::text as text from reached r
    left join pg_rewrite w on r.classid = 'pg_rewrite'::regclass and w.oid = r.objid
    left join pg_proc p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
    where r.classid in ('pg_rewrite'::regclass, 'pg_proc'::regclass)
  ), family as materialized (
    select distinct c.oid, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.relowner
    from reached r cross join lateral pgauto_mv.with_children(r.objid) x join pg_class c on c.oid = x.relation
    where r.classid = 'pg_class'::regclass
  ), owner as (
    select o.oid, o.rolsuper or o.rolbypassrls as exempt from pg_class v join pg_roles o on o.oid = v.relowner where v.oid = p_view
  )
  select pgauto_mv.relation_name(f.oid), case f.relkind when 'f' then 'a foreign table is written elsewhere, where no trigger of ours fires'
      else 'a sequence takes no trigger' end
    from family f where f.relkind in ('f', 'S')
  union
  select pgauto_mv.relation_name(c.oid), 'a system catalog takes no trigger'
    from tree t cross join lateral regexp_matches(t.text, ':relid ([0-9]+)', 'g') m (found)
    join pg_class c on c.oid = m.found[1]::oid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v')
  union
  select p.oid::regprocedure::text, 'what the body of a function reads is not in the catalog'
    from reached r join pg_proc p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
    where p.provolatile <> 'i' and p.prosqlbody is null
  union
  select p.proname, 'its result changes with no write to any table'
    from tree t cross join lateral regexp_matches(t.text, ':(?:funcid|aggfnoid|winfnoid) ([0-9]+)', 'g') m (found)
    join pg_proc p on p.oid = m.found[1]::oid and p.pronamespace = 'pg_catalog'::regnamespace
    where p.provolatile = 'v' or p.proname in ('now', 'statement_timestamp', 'transaction_timestamp', 'current_setting', 'txid_current',
        'pg_current_xact_id', 'pg_current_snapshot', 'table_to_xml', 'schema_to_xml', 'database_to_xml')
      or p.proname = 'age' and p.pronargs = 1
  union
  select (array['current_date', 'current_time', 'current_time', 'current_timestamp', 'current_timestamp', 'localtime', 'localtime',
      'localtimestamp', 'localtimestamp', 'current_role', 'current_user', 'user', 'session_user', 'current_catalog', 'current_schema'])[m.found[1]::integer + 1],
      'its result changes with no write to any table'
    from tree t cross join lateral regexp_matches(t.text, '\{SQLVALUEFUNCTION :op ([0-9]+)', 'g') m (found)
  union
  select 'tablesample', 'its result changes with no write to any table' from tree t where t.text ~ '\{TABLESAMPLECLAUSE'
  union
  select pgauto_mv.relation_name(f.oid), case
      when f.relpersistence = 'u' then 'a crash empties an unlogged table, and no trigger fires for that'
      else 'what its row security lets through may change with no write to it' end
    from family f cross join owner o
    where f.relkind in ('r', 'p') and (f.relpersistence = 'u'
      or f.relrowsecurity and not o.exempt and (f.relforcerowsecurity or not pg_has_role(o.oid, f.relowner, 'USAGE')))
$$;
