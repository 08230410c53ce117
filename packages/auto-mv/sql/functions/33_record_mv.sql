-- Records a view with its state: snap NULL, which means dirty and keeps the change log of its watches from being
-- cleaned up. The first refresh begins after this has committed (the planner cannot see it sooner).
-- Errors: PM001 no such view, PM002 not a materialized view, PM003 registered already; choose_times, check_settings. Locks: the registry.
create or replace function pgauto_mv.record_mv(p_view oid, p_derived boolean, p_settings pgauto_mv.mv_settings) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_class record;
  v_id bigint;
begin
  select c.relkind, c.relname, n.nspname into v_class from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_view;
  if v_class.relkind is null then
    raise exception using errcode = 'PM001', message = format('there is no view %s', coalesce(p_view::text, 'NULL')), hint = 'Create it first.';
  elsif v_class.relkind <> 'm' then
    raise exception using errcode = 'PM002', message = format('%I.%I is not a materialized view', v_class.nspname, v_class.relname),
      hint = 'auto-mv refreshes materialized views; a plain view is always fresh, and a table is yours to fill.';
  end if;
  p_settings := pgauto_mv.choose_times(p_settings, p_settings);
  perform pgauto_mv.check_settings(p_settings);
  perform pgauto_mv.lock_registry();
  if exists (select from pgauto_mv.mv m where m.view = p_view) then
    raise exception using errcode = 'PM003', message = format('%I.%I is registered already', v_class.nspname, v_class.relname),
      hint = format('To change how, call pgauto_mv.alter_mv(%L, %L, …).', v_class.relname, v_class.nspname);
  end if;
  insert into pgauto_mv.mv (view, schema_name, view_name, derived, refresh_lag, max_wait, cooldown, statement_timeout, lock_timeout,
      work_mem, schedule, safety_refresh, fire_on_replica, channel, target_lag, cpu_share)
    values (p_view, v_class.nspname, v_class.relname, p_derived, p_settings.refresh_lag, p_settings.max_wait, p_settings.cooldown,
      p_settings.statement_timeout, p_settings.lock_timeout, p_settings.work_mem, p_settings.schedule, p_settings.safety_refresh,
      p_settings.fire_on_replica, p_settings.channel, p_settings.target_lag, p_settings.cpu_share)
    returning id into v_id;
  insert into pgauto_mv.state (mv_id) values (v_id);
  insert into pgauto_mv.observation (mv_id) values (v_id);
  return v_id;
end $$;
