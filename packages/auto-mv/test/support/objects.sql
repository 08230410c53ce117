-- Every object of the schemas $1 and what a user could see of it, as text, one row each: relations with owner, grants,
-- options, columns, definitions, indexes, constraints, rules, policies, triggers (without auto-mv's own where $2 is true),
-- functions, types, comments and default privileges. What a refresh may change is left out: storage, and statistics.
with spaces as (select n.* from pg_namespace n where n.nspname = any ($1)),
relations as (select c.* from pg_class c join spaces s on s.oid = c.relnamespace)
select format('schema %s %s %s %s', s.oid, s.nspname, s.nspowner::regrole, s.nspacl) as line from spaces s
union all
select format('relation %s %s %s %s owner %s acl %s options %s am %s rls %s %s replica %s parent %s bound %s rules %s tablespace %s', c.oid, c.relkind, c.relname,
    c.relpersistence, c.relowner::regrole, c.relacl, c.reloptions, c.relam, c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
    (select i.inhparent from pg_inherits i where i.inhrelid = c.oid), pg_get_expr(c.relpartbound, c.oid), c.relhasrules, c.reltablespace)
  from relations c
union all
select format('view %s %s', c.oid, pg_get_viewdef(c.oid)) from relations c where c.relkind in ('v', 'm')
union all
select format('column %s %s %s %s %s null %s default %s identity %s generated %s acl %s options %s target %s', a.attrelid, a.attnum, a.attname,
    format_type(a.atttypid, a.atttypmod), a.attcollation, a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
    a.attacl, a.attoptions, a.attstattarget)
  from relations c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
union all
select format('index %s on %s unique %s primary %s valid %s clustered %s replica %s: %s', i.indexrelid, i.indrelid, i.indisunique, i.indisprimary,
    i.indisvalid, i.indisclustered, i.indisreplident, pg_get_indexdef(i.indexrelid))
  from relations c join pg_index i on i.indrelid = c.oid
union all
select format('constraint %s on %s: %s', k.oid, k.conrelid, pg_get_constraintdef(k.oid)) from relations c join pg_constraint k on k.conrelid = c.oid
union all
select format('rule %s %s', w.oid, pg_get_ruledef(w.oid)) from relations c join pg_rewrite w on w.ev_class = c.oid
union all
select format('policy %s %s on %s %s', p.oid, p.polname, p.polrelid, pg_get_expr(p.polqual, p.polrelid)) from relations c join pg_policy p on p.polrelid = c.oid
union all
select format('trigger %s on %s enabled %s: %s', t.oid, t.tgrelid, t.tgenabled, pg_get_triggerdef(t.oid)) from relations c join pg_trigger t on t.tgrelid = c.oid
  where not ($2 and t.tgfoid in ('pgauto_mv.capture()'::regprocedure, 'pgauto_mv.capture_once()'::regprocedure))
union all
select format('function %s owner %s acl %s: %s', p.oid, p.proowner::regrole, p.proacl, pg_get_functiondef(p.oid)) from pg_proc p join spaces s on s.oid = p.pronamespace
union all
select format('type %s %s owner %s', t.oid, t.typname, t.typowner::regrole) from pg_type t join spaces s on s.oid = t.typnamespace
union all
select format('comment on %s %s %s: %s', d.classoid::regclass, d.objoid, d.objsubid, d.description) from pg_description d
  where d.objoid in (select c.oid from relations c union select p.oid from pg_proc p join spaces s on s.oid = p.pronamespace)
union all
select format('default acl %s %s %s', a.defaclrole::regrole, a.defaclobjtype, a.defaclacl) from pg_default_acl a join spaces s on s.oid = a.defaclnamespace
order by 1
