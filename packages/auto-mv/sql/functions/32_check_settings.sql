-- Refuses settings of a view that cannot work, and warns of a cooldown that overrules max_wait.
-- Errors: PM008 a time out of range, PM041 another setting, PM070 no such schedule, PR001 no such channel.
create or replace function pgauto_mv.check_settings(p_settings pgauto_mv.mv_settings) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text;
begin
  select w.name into v_wrong from (values
      ('p_refresh_lag', p_settings.refresh_lag, 0), ('p_max_wait', p_settings.max_wait, 0), ('p_cooldown', p_settings.cooldown, 0),
      ('p_statement_timeout', extract(epoch from coalesce(p_settings.statement_timeout, '0')), 0),
      ('p_lock_timeout', extract(epoch from coalesce(p_settings.lock_timeout, '0')), 0),
      ('p_safety_refresh', extract(epoch from coalesce(p_settings.safety_refresh, '1 s')), 1),
      ('p_target_lag', extract(epoch from coalesce(p_settings.target_lag, '1 s')), 0.1)) w(name, value, low)
    where w.value is null or not w.value between w.low and 31536000 limit 1;
  if v_wrong = 'p_safety_refresh' then
    raise exception using errcode = 'PM008', message = 'p_safety_refresh is not between a second and a year',
      hint = 'An interval; NULL, the default, means no safety refresh.';
  elsif v_wrong = 'p_target_lag' then
    raise exception using errcode = 'PM008', message = format('p_target_lag of %s is not between 0.1 s and a year', p_settings.target_lag),
      hint = 'An interval: how old a change may be when the view shows it. NULL, the default: the three times say when to refresh.';
  elsif v_wrong is not null then
    raise exception using errcode = 'PM008', message = format('%s is not between 0 and a year', v_wrong),
      hint = 'Times are seconds, 0 or more; p_max_wait => 0 means no maximum.';
  elsif not coalesce(p_settings.cpu_share, 1) between 0.001 and 1 then
    raise exception using errcode = 'PM041', message = format('p_cpu_share of %s is not between 0.001 and 1', p_settings.cpu_share),
      hint = 'The share of one CPU that the refreshes of the view may take, of all the time: 0.25 is a quarter.';
  elsif p_settings.fire_on_replica is null then
    raise exception using errcode = 'PM041', message = 'p_fire_on_replica is NULL', hint = 'Give true or false.';
  elsif btrim(p_settings.schedule) = '' then
    raise exception using errcode = 'PM041', message = 'p_schedule is empty', hint = 'Give the name of a schedule or a spec; NULL means none.';
  elsif p_settings.channel = 'pgauto_mv.refresh' then
    raise exception using errcode = 'PM041', message = 'p_channel is pgauto_mv.refresh, the channel of the refreshes themselves',
      hint = 'Give a channel of your own, which gets an event after each refresh.';
  elsif p_settings.channel is not null and not exists (select from pgrelay.channels c where c.name = p_settings.channel) then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_settings.channel),
      hint = 'Register it first, with pgrelay.register_channel() or by starting the Processor that has its handler.';
  end if;
  perform pgauto_mv.check_mv_schedule(p_settings.schedule);
  perform pgauto_mv.check_work_mem(p_settings.work_mem);
  if p_settings.max_wait > 0 and p_settings.cooldown > p_settings.max_wait then
    raise warning 'the cooldown of % s is longer than the max_wait of % s: the cooldown wins', p_settings.cooldown, p_settings.max_wait;
  end if;
end $$;
