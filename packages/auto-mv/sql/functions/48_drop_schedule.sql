-- Removes a schedule that no view uses. Errors: PM070 there is none of this name, PM071 views use it, PM009.
create or replace function pgauto_mv.drop_schedule(p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_views text;
begin
  perform pgauto_mv.lock_registry();
  if not exists (select from pgauto_mv.schedule s where s.name = p_name) then
    raise exception using errcode = 'PM070', message = format('there is no schedule %L', p_name), hint = 'The view pgauto_mv.schedules lists them.';
  end if;
  select string_agg(format('%I.%I', m.schema_name, m.view_name), ', ' order by m.schema_name, m.view_name) into v_views
    from pgauto_mv.mv m where m.schedule = p_name;
  if v_views is not null then
    raise exception using errcode = 'PM071', message = format('schedule %L is used by %s', p_name, v_views),
      hint = 'Give these views another schedule first, or none: pgauto_mv.alter_mv().';
  end if;
  delete from pgauto_mv.schedule s where s.name = p_name;
end $$;
