-- Records a view with its state: snap NULL, which means dirty and keeps the change log of its watches from being
-- cleaned up. The first refresh begins after this has committed (the planner cannot see it sooner).
-- Errors: PM002 not a materialized view, PM003 registered already, PM008 a negative time. Locks: the registry.
create or replace function pgauto_mv.record_mv(
  p_view oid, p_derived boolean, p_refresh_lag numeric, p_max_wait numeric, p_cooldown numeric,
  p_statement_timeout interval, p_lock_timeout interval
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_class record;
  v_wrong text;
  v_id bigint;
begin
  select c.relkind, c.relname, n.nspname into v_class from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_view;
  if v_class.relkind is null then
    raise exception using errcode = 'PM001', message = format('there is no view %s', coalesce(p_view::text, 'NULL')), hint = 'Create it first.';
  elsif v_class.relkind <> 'm' then
    raise exception using errcode = 'PM002', message = format('%I.%I is not a materialized view', v_class.nspname, v_class.relname),
      hint = 'auto-mv refreshes materialized views; a plain view is always fresh, and a table is yours to fill.';
  end if;
  select w.name into v_wrong from (values ('p_refresh_lag', p_refresh_lag), ('p_max_wait', p_max_wait), ('p_cooldown', p_cooldown),
    ('p_statement_timeout', extract(epoch from coalesce(p_statement_timeout, '0'))), ('p_lock_timeout', extract(epoch from coalesce(p_lock_timeout, '0')))) w(name, value)
    where w.value is null or not w.value between 0 and 31536000 limit 1;
  if v_wrong is not null then
    raise exception using errcode = 'PM008', message = format('%s is not between 0 and a year', v_wrong),
      hint = 'Times are seconds, 0 or more; p_max_wait => 0 means no maximum.';
  end if;
  perform pgauto_mv.lock_registry();
  if exists (select from pgauto_mv.mv m where m.view = p_view) then
    raise exception using errcode = 'PM003', message = format('%I.%I is registered already', v_class.nspname, v_class.relname),
      hint = format('To change how, call pgauto_mv.unregister_mv(%L, %L) first, in the same transaction.', v_class.relname, v_class.nspname);
  end if;
  insert into pgauto_mv.mv (view, schema_name, view_name, derived, refresh_lag, max_wait, cooldown, statement_timeout, lock_timeout)
    values (p_view, v_class.nspname, v_class.relname, p_derived, p_refresh_lag, p_max_wait, p_cooldown, p_statement_timeout, p_lock_timeout)
    returning id into v_id;
  insert into pgauto_mv.state (mv_id) values (v_id);
  insert into pgauto_mv.observation (mv_id) values (v_id);
  return v_id;
end $$;
