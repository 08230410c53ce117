-- Schedules a job that sends an event: p_payload goes to p_channel, a registered one (of a handler, or a SQL channel), at every
-- occurrence of p_spec. The rest as in schedule(); mode and timeout are the channel's. Errors: PC001, PC003, PC004, PR001.
create or replace function pgrelay_cron.schedule_event(
  p_name text,
  p_spec text,
  p_channel text,
  p_payload text default null,
  p_timezone text default 'UTC',
  p_missed text default 'latest',
  p_overlap text default 'queue',
  p_jitter interval default '0',
  p_grace interval default '10 seconds',
  p_starts_at timestamptz default null,
  p_ends_at timestamptz default null,
  p_alert_channel text default null,
  p_deadline interval default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from pgrelay_cron.job j where j.name = p_name and j.kind = 'command') then
    raise exception using errcode = 'PC003', message = format('job %L runs a command', p_name),
      hint = 'Remove it first with pgrelay_cron.unschedule(), or use another name.';
  end if;
  return pgrelay_cron.save_job(p_name, jsonb_build_object('spec', p_spec, 'channel', p_channel, 'payload', p_payload, 'timezone', p_timezone,
    'missed', p_missed, 'overlap', p_overlap, 'jitter', p_jitter, 'grace', p_grace, 'starts_at', p_starts_at, 'ends_at', p_ends_at,
    'alert_channel', p_alert_channel, 'deadline', p_deadline), 'event', 'schedule');
end $$;
