-- Reads a schedule: an interval, a cron text of five fields or of six (seconds first), or one of @hourly, @daily,
-- @weekly, @monthly, @yearly. Capitals do not matter. PR029 names what is wrong.
--   interval        '5 seconds', 'every 5s', 'every 10 minutes', '2h', '1 day'; one second to 366 days
--   cron text       second (0-59; 0 when there are five fields), minute (0-59), hour (0-23), day of month (1-31, L or $ for
--                   the last), month (1-12, JAN-DEC), day of week (0-7, SUN-SAT); ? is * in the two fields of days
-- When both fields of days are restricted (begin neither with * nor with ?), a day that fits one of them is enough; else it has to
-- fit both. So it is in cron and pg_cron, '*/2' included.
create or replace function pgrelay.parse_schedule(p_spec text) returns pgrelay.schedule_times
language plpgsql immutable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_times pgrelay.schedule_times;
  v_text text := btrim(regexp_replace(upper(p_spec collate "C"), '\s+', ' ', 'g'), ' ');
  v_interval text[] := regexp_match(v_text, '^(?:EVERY )?(\d{1,8}) ?(S|SECS?|SECONDS?|M|MINS?|MINUTES?|H|HRS?|HOURS?|D|DAYS?)$');
  v_seconds bigint := v_interval[1]::bigint * case left(v_interval[2], 1) when 'S' then 1 when 'M' then 60 when 'H' then 3600 else 86400 end;
  v_fields text[];
  v_days text[];
begin
  if v_seconds is not null then
    if v_seconds not between 1 and 366 * 86400 then
      raise exception using errcode = 'PR029', message = format('%L: an interval is from 1 second to 366 days long', p_spec),
        hint = 'For example ''5 seconds'', ''every 10 minutes'', ''1 day''.';
    end if;
    v_times.every := make_interval(secs => v_seconds);
    return v_times;
  end if;

  v_fields := string_to_array(case v_text
    when '@YEARLY' then '0 0 1 1 *' when '@ANNUALLY' then '0 0 1 1 *' when '@MONTHLY' then '0 0 1 * *' when '@WEEKLY' then '0 0 * * 0'
    when '@DAILY' then '0 0 * * *' when '@MIDNIGHT' then '0 0 * * *' when '@HOURLY' then '0 * * * *' else v_text end, ' ');
  if cardinality(v_fields) = 5 then
    v_fields := array_prepend('0', v_fields);
  elsif cardinality(v_fields) is distinct from 6 then
    raise exception using errcode = 'PR029', message = format('%L is no schedule', p_spec),
      hint = 'Give an interval (''5 seconds'', ''every 10 minutes''), a cron text of five fields or of six with the seconds first '
        '(''*/5 * * * *''), or @hourly, @daily, @weekly, @monthly, @yearly.';
  end if;

  v_times.seconds := pgrelay.schedule_field(p_spec, 'second', v_fields[1], 0, 59);
  v_times.minutes := pgrelay.schedule_field(p_spec, 'minute', v_fields[2], 0, 59);
  v_times.hours := pgrelay.schedule_field(p_spec, 'hour', v_fields[3], 0, 23);
  v_days := string_to_array(case v_fields[4] when '?' then '*' else v_fields[4] end, ',');
  v_times.last_day := v_days && array['L', '$'];
  v_days := array_remove(array_remove(v_days, 'L'), '$');
  v_times.days := case when v_days = '{}' then '{}'
    else pgrelay.schedule_field(p_spec, 'day of month', array_to_string(v_days, ','), 1, 31) end;
  v_times.months := pgrelay.schedule_field(p_spec, 'month', v_fields[5], 1, 12,
    array['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']);
  v_times.weekdays := pgrelay.schedule_field(p_spec, 'day of week', case v_fields[6] when '?' then '*' else v_fields[6] end, 0, 6,
    array['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']);
  v_times.either_day := v_fields[4] !~ '^[*?]' and v_fields[6] !~ '^[*?]';
  v_times.every_hour := left(v_fields[3], 1) = '*';
  return v_times;
end $$;
