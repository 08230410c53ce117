-- All that is installed in the schemas $1, one line an object, with bodies, owners, settings and who granted what. Left out: whether
-- an object is a member of an extension, and the daily partitions of the log.
with spaces as (select n.* from pg_namespace n where n.nspname = any ($1)),
relations as (
  select c.*, format('%I.%I', s.nspname, c.relname) as name from pg_class c join spaces s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'c') and c.relname !~ '_\d{8}$'
),
functions as (select p.* from pg_proc p join spaces s on s.oid = p.pronamespace),
acls as (
  select 'schema' as kind, s.nspname::text as name, coalesce(s.nspacl, acldefault('n', s.nspowner)) as acl from spaces s
  union all
  select 'relation', r.name, coalesce(r.relacl, acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner)) from relations r where r.relkind <> 'c'
  union all
  select 'column', format('%s.%I', r.name, a.attname), a.attacl from relations r join pg_attribute a on a.attrelid = r.oid and a.attacl is not null
  union all
  select 'routine', p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner)) from functions p
  union all
  select 'type', t.oid::regtype::text, coalesce(t.typacl, acldefault('T', t.typowner)) from pg_type t join spaces s on s.oid = t.typnamespace
    where t.typname !~ '_\d{8}$' and t.typelem = 0
),
lines as (
  select format('schema %s owner %s', s.nspname, s.nspowner::regrole) as line from spaces s
  union all
  select format('relation %s %s %s owner %s options %s comment %s', r.relkind, r.relpersistence, r.name, r.relowner::regrole, r.reloptions, md5(obj_description(r.oid, 'pg_class'))) from relations r
  union all
  select format('column %s %s %s %s not null %s default %s identity %s generated %s', r.name, row_number() over (partition by r.oid order by a.attnum), a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated)
  from relations r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped and r.relkind <> 'S'
  left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
  union all
  select format('sequence %s %s', r.name, (q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle)) from relations r join pg_sequence q on q.seqrelid = r.oid
  union all
  select format('constraint %s %s %s', r.name, c.conname, pg_get_constraintdef(c.oid)) from relations r join pg_constraint c on c.conrelid = r.oid
  union all
  select format('index %s owner %s valid %s', pg_get_indexdef(i.indexrelid), x.relowner::regrole, i.indisvalid)
  from relations r join pg_index i on i.indrelid = r.oid join pg_class x on x.oid = i.indexrelid
  union all
  select format('trigger %s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled) from relations r join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
  union all
  select format('view %s %s', r.name, md5(pg_get_viewdef(r.oid))) from relations r where r.relkind in ('v', 'm')
  union all
  select format('routine %s (%s) returns %s language %s owner %s body %s', p.oid::regprocedure, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), l.lanname,
    p.proowner::regrole, md5(p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), ''))) || ' ' || (p.prokind, p.prosecdef, p.proisstrict, p.proretset, p.provolatile, p.proparallel, p.procost, p.prorows, p.proconfig)::text
  from functions p join pg_language l on l.oid = p.prolang
  union all
  select format('grant %s on %s %s to %s by %s%s', g.privilege_type, a.kind, a.name, case g.grantee when 0 then 'PUBLIC' else g.grantee::regrole::text end,
    g.grantor::regrole, case when g.is_grantable then ' with grant option' end)
  from acls a, aclexplode(a.acl) g
  union all
  select format('migration %s %s %s %s', m.module, m.version, m.name, m.checksum) from pgrelay.schema_migration m
  union all
  select format('module %s %s', m.module, m.checksum) from pgrelay.schema_module m
)
select line from lines order by line collate "C"
