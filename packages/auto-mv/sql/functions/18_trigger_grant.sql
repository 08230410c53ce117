-- What has to be granted so that a role may put a trigger on a table, as the statements to run; NULL when it may already
-- (or when role or table are gone).
create or replace function pgauto_mv.trigger_grant(p_role oid, p_relation oid) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select nullif(concat_ws(' ',
    case when not has_schema_privilege(r.oid, n.oid, 'USAGE') then format('grant usage on schema %I to %I;', n.nspname, r.rolname) end,
    case when not has_table_privilege(r.oid, c.oid, 'TRIGGER') then format('grant trigger on %I.%I to %I;', n.nspname, c.relname, r.rolname) end), '')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join pg_roles r where c.oid = p_relation and r.oid = p_role
$$;
