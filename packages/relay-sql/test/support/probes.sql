-- Every object in the schemas $1, with the statements that try what one may do with it. Arguments are NULL out of a subquery,
-- so that a strict function is not folded away before it is called. Daily partitions of the log stand aside, and the
-- what is numbered (private functions, wishes) goes without its number. What the rewriter would refuse for a view is asked of the catalog.
with spaces as (select n.oid, n.nspname from pg_namespace n where n.nspname = any ($1)),
relations as (
  select c.relkind, format('%I.%I', s.nspname, c.relname) as name, c.relname,
    (select quote_ident(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and a.attidentity = '' and a.attgenerated = '' order by a.attnum limit 1) as plain
  from pg_class c join spaces s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relname !~ '^log_\d{8}$'
),
routines as (
  select p.prokind, format('%I.%I', s.nspname, p.proname) as name,
    regexp_replace(format('%I.%I(%s)', s.nspname, p.proname, oidvectortypes(p.proargtypes)), '_\d+', '_N', 'g') as label,
    array(select format(case p.prokind when 'p' then 'null::%s' else '(select null::%s offset 0)' end, format_type(t.type, null)) from unnest(p.proargtypes::oid[]) with ordinality t(type, n) order by t.n) as arguments
  from pg_proc p join spaces s on s.oid = p.pronamespace
)
select format('schema %I', s.nspname) as object, json_build_array(
    json_build_array('usage', format('select %L::regtype', s.nspname || '.nothing_of_that_name')),
    json_build_array('create', format('create table %I.planted ()', s.nspname))) as tries
  from spaces s
union all
select format('table %s', r.name), json_build_array(
    json_build_array('select', format('select from %s where false', r.name)),
    json_build_array('insert', format('insert into %s default values', r.name)),
    json_build_array('update', format('update %s set %s = default where false', r.name, r.plain)),
    json_build_array('delete', format('delete from %s where false', r.name)),
    json_build_array('truncate', format('truncate %s', r.name)))
  from relations r where r.relkind in ('r', 'p')
union all
select format('view %s', r.name), json_build_array(
    json_build_array('select', format('select from %s where false', r.name)),
    json_build_array('write', format(
      'do $d$ begin if not has_any_column_privilege(%L, ''insert, update'') and not has_table_privilege(%1$L, ''delete, truncate, trigger'') then raise insufficient_privilege using message = %L; end if; end $d$',
      r.name, 'permission denied for view ' || r.relname)))
  from relations r where r.relkind in ('v', 'm')
union all
select format('sequence %s', regexp_replace(r.name, '_\d+$', '_N')), json_build_array(
    json_build_array('select', format('select last_value from %s', r.name)),
    json_build_array('nextval', format('select nextval(%L)', r.name)),
    json_build_array('setval', format('select setval(%L, 1)', r.name)))
  from relations r where r.relkind = 'S'
union all
select format('type %I.%I', s.nspname, t.typname), json_build_array(
    json_build_array('usage', format('create temp table planted (x %I.%I)', s.nspname, t.typname)))
  from pg_type t join spaces s on s.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
  where t.typelem = 0 and (t.typrelid = 0 or c.relkind = 'c')
union all
select format('%s %s', case r.prokind when 'p' then 'procedure' else 'function' end, r.label), json_build_array(json_build_array('execute',
    format(case r.prokind when 'p' then 'call %s(%s)' else 'select %s(%s)' end, r.name, array_to_string(r.arguments, ', '))))
  from routines r
order by 1
