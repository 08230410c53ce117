-- What has to be granted so that a role may refresh a view, as the statements to run; NULL when it may already (or when
-- role or view are gone). The server's own rule: ownership, since PostgreSQL 17 the privilege MAINTAIN. Membership in a
-- superuser is never proposed.
create or replace function pgauto_mv.refresh_grant(p_role oid, p_view oid) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_view record;
  v_role name := (select r.rolname from pg_roles r where r.oid = p_role);
  v_grants text := '';
begin
  select n.oid as schema, n.nspname, r.oid as owner, r.rolname as owner_name, r.rolsuper into v_view
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner where c.oid = p_view;
  if v_role is null or v_view.schema is null then
    return null;
  end if;
  if not has_schema_privilege(p_role, v_view.schema, 'USAGE') then
    v_grants := format('grant usage on schema %I to %I; ', v_view.nspname, v_role);
  end if;
  if current_setting('server_version_num')::integer >= 170000 then
    if not has_table_privilege(p_role, p_view, 'MAINTAIN') then
      v_grants := v_grants || format('grant maintain on %s to %I;', pgauto_mv.relation_name(p_view), v_role);
    end if;
  elsif not pg_has_role(p_role, v_view.owner, 'USAGE') then
    v_grants := v_grants || case when v_view.rolsuper
      then format('alter materialized view %s owner to %I;', pgauto_mv.relation_name(p_view), v_role)
      else format('grant %I to %I;', v_view.owner_name, v_role) end;
  end if;
  return nullif(rtrim(v_grants), '');
end $$;
