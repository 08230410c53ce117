-- Schedules p_jobs jobs that send an event to the channel bench.cron, in one of three ways:
--   idle     nothing fires today
--   spread   each every ten minutes, half by an interval and half by a cron text, spread over the seconds
--   at once  all at the same minute of the hour, the first one p_in seconds from now or up to a minute later
create schema if not exists bench;
create function bench.schedule_jobs(p_jobs integer, p_kind text, p_in integer) returns void
language plpgsql
as $$
declare
  v_second integer;                                          -- of ten minutes
  v_at timestamp := date_trunc('minute', (clock_timestamp() at time zone 'UTC') + make_interval(secs => p_in)) + interval '1 minute';
begin
  perform pgrelay.register_channel('bench.cron', 'select 1');
  for v_no in 1 .. p_jobs loop
    v_second := (v_no::bigint * 600 / p_jobs) % 600;
    perform pgrelay_cron.schedule_event(format('job %s', v_no),
      case
        when p_kind = 'idle' then '0 0 * * *'
        when p_kind = 'at once' then format('%s * * * *', extract(minute from v_at))
        when v_no % 2 = 0 then 'every 10 minutes'
        else format('%s %s-59/10 * * * *', v_second % 60, v_second / 60) end,
      'bench.cron',
      p_starts_at => case
        when p_kind = 'idle' then clock_timestamp() + interval '1 day'
        when p_kind = 'spread' and v_no % 2 = 0 then date_trunc('hour', clock_timestamp()) - interval '1 hour' + make_interval(secs => v_second) end);
  end loop;
end $$;
