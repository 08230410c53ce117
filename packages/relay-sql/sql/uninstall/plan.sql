-- What goes with the schemas $1, and what is lost: kind, object, detail. Drops nothing. kind is
--   extension, schema, function (a private one of a SQL channel), trigger (on a table of the user's), dependent (any other object outside
--   of the schemas that needs one in them, and goes with it), grant (of a role, on an object of the user's), role, processor (alive), lost
-- Roles go with the schema pgrelay only, and one that is used in another database stays. Needs the rights of pgrelay_owner.
with recursive spaces as (
  select n.oid, n.nspname from pg_catalog.pg_namespace n where n.nspname = any ($1)
),
-- What CASCADE reaches. A part that goes takes the whole along of which it is an internal part, as a rule its view.
gone (classid, objid, objsubid) as (
  select 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid, s.oid, 0 from spaces s
  union
  select next.* from gone g cross join lateral (
    select d.classid, d.objid, d.objsubid from pg_catalog.pg_depend d
    where d.refclassid = g.classid and d.refobjid = g.objid and (g.objsubid = 0 or d.refobjsubid = g.objsubid) and d.deptype in ('n', 'a', 'i', 'P', 'S')
    union all
    select d.refclassid, d.refobjid, d.refobjsubid from pg_catalog.pg_depend d
    where d.classid = g.classid and d.objid = g.objid and d.objsubid = g.objsubid and d.deptype = 'i'
  ) next
),
outside as (
  select g.classid, g.objid, g.objsubid, coalesce(c.relnamespace, p.pronamespace, t.typnamespace, r.relnamespace, x.relnamespace, o.connamespace, l.relnamespace) as space
  from gone g
  left join pg_catalog.pg_class c on g.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.oid = g.objid
  left join pg_catalog.pg_proc p on g.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and p.oid = g.objid
  left join pg_catalog.pg_type t on g.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and t.oid = g.objid and t.typrelid = 0 and t.typelem = 0
  left join pg_catalog.pg_trigger tr on g.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass and tr.oid = g.objid and not tr.tgisinternal
  left join pg_catalog.pg_class r on r.oid = tr.tgrelid
  left join pg_catalog.pg_attrdef a on g.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and a.oid = g.objid
  left join pg_catalog.pg_class x on x.oid = a.adrelid
  left join pg_catalog.pg_constraint o on g.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and o.oid = g.objid
  left join pg_catalog.pg_policy y on g.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and y.oid = g.objid
  left join pg_catalog.pg_class l on l.oid = y.polrelid
),
roles as (
  select r.oid, r.rolname from pg_catalog.pg_roles r
  where 'pgrelay' = any ($1) and r.rolname in ('pgrelay_owner', 'pgrelay', 'pgrelay_producer', 'pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor')
),
uses as (
  select s.refobjid, s.dbid, coalesce(d.datname, 'objects of the whole cluster') as place, pg_catalog.count(*) as n,
    pg_catalog.bool_or(s.deptype = 'o') as owns
  from pg_catalog.pg_shdepend s left join pg_catalog.pg_database d on d.oid = s.dbid
  where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and s.refobjid in (select r.oid from roles r)
    and s.classid <> 'pg_catalog.pg_authid'::pg_catalog.regclass and pg_catalog.to_regclass('pg_catalog.pg_auth_members')::pg_catalog.oid <> s.classid
    and s.dbid <> (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
  group by 1, 2, 3
),
found as (
  select 1 as place, 'extension' as kind, e.extname::text as object, pg_catalog.format('version %s', e.extversion) as detail
  from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
  where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.deptype = 'e'
    and d.objid in (select s.oid from spaces s where s.nspname <> 'pgrelay_action')
  union all
  select 2, 'schema', s.nspname, pg_catalog.format('%s tables, %s views, %s functions',
    (select pg_catalog.count(*) from pg_catalog.pg_class c where c.relnamespace = s.oid and c.relkind in ('r', 'p')),
    (select pg_catalog.count(*) from pg_catalog.pg_class c where c.relnamespace = s.oid and c.relkind in ('v', 'm')),
    (select pg_catalog.count(*) from pg_catalog.pg_proc p where p.pronamespace = s.oid))
  from spaces s
  union all
  select 3, 'function', p.oid::pg_catalog.regprocedure::text, 'the private function of a SQL channel'
  from pg_catalog.pg_proc p join spaces s on s.oid = p.pronamespace and s.nspname = 'pgrelay_action'
  union all
  select case when o.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass then 4 else 5 end,
    case when o.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass then 'trigger' else 'dependent' end,
    case when o.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass then i.identity else i.type || ' ' || i.identity end, 'outside of the schemas; goes with what it needs of them'
  from outside o cross join lateral pg_catalog.pg_identify_object(o.classid, o.objid, o.objsubid) i
  where o.space is not null and o.space not in (select s.oid from spaces s) and o.space <> 'pg_toast'::pg_catalog.regnamespace
  union all
  select 6, 'grant', r.rolname || ': ' || pg_catalog.pg_describe_object(s.classid, s.objid, s.objsubid), 'rights of the role on an object that stays'
  from roles r join pg_catalog.pg_shdepend s on s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and s.refobjid = r.oid and s.deptype = 'a'
    and s.dbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
  where not exists (select from gone g where g.classid = s.classid and g.objid = s.objid)
  union all
  select 7, 'role', r.rolname, coalesce(
    (select 'stays: used in ' || pg_catalog.string_agg(pg_catalog.format('%s (%s objects)', u.place, u.n), ', ' order by u.place) from uses u where u.refobjid = r.oid),
    'is dropped' || coalesce((select '; its members ' || pg_catalog.string_agg(m.member::pg_catalog.regrole::text, ', ' order by m.member::pg_catalog.regrole::text) || ' lose it'
      from pg_catalog.pg_auth_members m where m.roleid = r.oid and m.member not in (select x.oid from roles x)), ''))
  from roles r
)
select f.kind, f.object, f.detail from found f order by f.place, f.object collate "C"
