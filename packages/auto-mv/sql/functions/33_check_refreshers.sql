-- Refuses a view that the caller, or the login of a Processor that serves this database now, may not refresh. Logins of
-- Processors that start later are a row in get_mv_problems(). Runs with the caller's rights. Error: PM040.
create or replace function pgauto_mv.check_refreshers(p_view oid) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_role record;
begin
  for v_role in
    select r.rolname, pgauto_mv.refresh_grant(r.oid, p_view) as missing
    from pg_roles r where r.rolname = current_user or r.oid in (select s from pgauto_mv.serving_logins() s)
    order by r.rolname <> current_user, r.rolname
  loop
    if v_role.missing is not null then
      raise exception using errcode = 'PM040',
        message = format('%I may not refresh %s', v_role.rolname, pgauto_mv.relation_name(p_view))
          || case when v_role.rolname = current_user then '' else ', and a Processor runs as that login' end,
        hint = 'Run as one who may: ' || v_role.missing;
    end if;
  end loop;
end $$;
