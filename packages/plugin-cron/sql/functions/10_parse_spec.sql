-- Reads a spec: how often a job runs. Intervals of whole seconds, minutes, hours or days of 24 hours, from 1 second to
-- 366 days: '5 seconds', 'every 5s', 'every 10 minutes', '2h'. Anything else, cron text included, is PC001.
create or replace function pgrelay_cron.parse_spec(p_spec text) returns interval
language plpgsql immutable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_parts text[] := regexp_match(lower(p_spec), '^\s*(?:every\s+)?(\d{1,8})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\s*$');
  v_seconds bigint := v_parts[1]::bigint * case left(v_parts[2], 1) when 's' then 1 when 'm' then 60 when 'h' then 3600 else 86400 end;
begin
  if v_seconds is null or v_seconds not between 1 and 366 * 86400 then
    raise exception using errcode = 'PC001', message = format('%L is no interval that pgrelay_cron understands', p_spec),
      hint = 'Supported today are intervals from 1 second to 366 days: ''5 seconds'', ''every 10 minutes'', ''every 2 hours'', ''1 day''. '
        'Cron text such as ''*/5 * * * *'' is not supported yet.';
  end if;
  return make_interval(secs => v_seconds);
end $$;
