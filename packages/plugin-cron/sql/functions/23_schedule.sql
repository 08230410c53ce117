-- Schedules a job, or replaces the one with this name: p_command, SQL, runs at every occurrence of p_spec, each time as an event of
-- the channel cron.<p_name>, as role pgrelay. $1 in it is the time of the occurrence, as text. Names in it are resolved with the
-- search_path of this session, and it is checked here and now.
--   p_spec           an interval or a cron text (pgrelay.parse_schedule), or 'at <timestamp>', once
--   p_timezone       of the cron text; intervals go by elapsed time
--   p_mode           'transactional', 'toplevel' (VACUUM, a procedure that commits); default: see command_mode
--   p_missed         occurrences that nobody sent within p_grace of their time: 'skip' them, send the 'latest' (default), or 'all'
--   p_overlap        when the one before still waits or runs: 'queue' (default: one after the other), 'skip' it, or 'allow' both
--   p_jitter         each occurrence is sent up to so much later, always the same for one occurrence; up to a day
--   p_starts_at, p_ends_at   nothing fires before or after; intervals count from p_starts_at, else from 1970-01-01 00:00 UTC
--   p_timeout        of one run; 1 hour by default
--   p_alert_channel  gets an event for each occurrence that was not run, or not done within p_deadline (1 hour) of its time
-- Returns the job's id. Errors: PC001 spec, PC003 the name is taken, PC004 another value, PR001 the alert channel, PR006 and
-- whatever planning the command says.
-- Runs as the caller, who needs pgrelay_admin: register_channel has to see its search_path. So every name is qualified.
create or replace function pgrelay_cron.schedule(
  p_name text,
  p_spec text,
  p_command text,
  p_timezone text default 'UTC',
  p_mode text default null,
  p_missed text default 'latest',
  p_overlap text default 'queue',
  p_jitter interval default '0',
  p_grace interval default '10 seconds',
  p_starts_at timestamptz default null,
  p_ends_at timestamptz default null,
  p_timeout interval default '1 hour',
  p_alert_channel text default null,
  p_deadline interval default null
) returns bigint
language plpgsql
as $$
declare
  v_id bigint := pgrelay_cron.save_job(p_name, pg_catalog.jsonb_build_object('spec', p_spec, 'timezone', p_timezone, 'missed', p_missed,
    'overlap', p_overlap, 'jitter', p_jitter, 'grace', p_grace, 'starts_at', p_starts_at, 'ends_at', p_ends_at, 'alert_channel', p_alert_channel,
    'deadline', p_deadline), 'command', 'schedule');
begin
  perform pgrelay_cron.register_command(p_name, p_command, p_mode, p_overlap, p_timeout);
  return v_id;
end $$;
