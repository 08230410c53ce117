-- Changes the settings of a view: p_changes where it is not NULL, and the default for each one that p_reset names (as the
-- parameters of alter_mv, without p_). The planner goes by the new ones as soon as they have committed; the view is as
-- fresh as it was. Returns the view, and whether what its triggers have to see is another thing now.
-- Errors: PM004 not registered, PM009 another alter_mv() is open for 5 s, PM041 p_reset; choose_times, check_settings. Locks: the row.
create or replace function pgauto_mv.alter_settings(
  p_mv_id bigint, p_changes pgauto_mv.mv_settings, p_reset text[], out view oid, out rewatch boolean
)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_default constant jsonb := to_jsonb(row(0, 0, 2, null, null, null, null, null, false, null, null, null)::pgauto_mv.mv_settings);
  v_given constant jsonb := coalesce(jsonb_strip_nulls(to_jsonb(p_changes)), '{}');
  v_mv pgauto_mv.mv;
  v_new pgauto_mv.mv_settings;
  v_wrong text;
begin
  select coalesce(r, 'NULL') into v_wrong from unnest(p_reset) r
    where r is null or r not in ('watch_tables', 'chain') and not v_default ? r limit 1;
  if v_wrong is not null then
    raise exception using errcode = 'PM041', message = format('p_reset has %L, which is no setting', v_wrong),
      hint = 'Settings are chain, watch_tables, ' || (select string_agg(k, ', ' order by k) from jsonb_object_keys(v_default) k) || '.';
  end if;
  select r into v_wrong from unnest(p_reset) r where v_given ? r limit 1;
  if v_wrong is not null then
    raise exception using errcode = 'PM041', message = format('p_%s is given, and p_reset has it too', v_wrong),
      hint = 'Give the new value, or reset it to its default.';
  end if;
  begin
    select m.* into v_mv from pgauto_mv.mv m where m.id = p_mv_id for no key update;
  exception when lock_not_available then
    raise exception using errcode = 'PM009', message = format('another alter_mv() of view %s is open, and has been for 5 s', p_mv_id),
      hint = 'Nothing has been changed: commit or roll back that transaction, and try again.';
  end;
  if v_mv.id is null then
    raise exception using errcode = 'PM004', message = format('view %s is not registered any more', p_mv_id),
      hint = 'Somebody has unregistered it: register it again with pgauto_mv.register_mv().';
  end if;
  v_new := jsonb_populate_record(null::pgauto_mv.mv_settings, to_jsonb(v_mv) || v_given
    || coalesce((select jsonb_object_agg(r, v_default -> r) from unnest(p_reset) r where v_default ? r), '{}'));
  v_new := pgauto_mv.choose_times(v_new, p_changes);
  perform pgauto_mv.check_settings(v_new);
  update pgauto_mv.mv m set refresh_lag = v_new.refresh_lag, max_wait = v_new.max_wait, cooldown = v_new.cooldown,
      statement_timeout = v_new.statement_timeout, lock_timeout = v_new.lock_timeout, work_mem = v_new.work_mem,
      schedule = v_new.schedule, safety_refresh = v_new.safety_refresh, fire_on_replica = v_new.fire_on_replica, channel = v_new.channel,
      target_lag = v_new.target_lag, cpu_share = v_new.cpu_share
    where m.id = p_mv_id;
  view := v_mv.view;
  rewatch := v_new.fire_on_replica <> v_mv.fire_on_replica;
end $$;
