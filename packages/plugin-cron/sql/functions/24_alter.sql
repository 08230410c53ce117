-- Changes a job: what is not given, or NULL, stays. The rhythm stays unless its spec, time zone, jitter, start or end changes. What
-- is changed of a job that code declares is kept when the code is deployed again, and shown in its plan.
--   p_command, p_timeout           of a job with a command; p_mode goes with p_command
--   p_channel, p_payload           of a job that sends an event
--   p_starts_at, p_ends_at         '-infinity' and 'infinity' take them away
--   p_alert_channel                '' takes it away
-- Errors: PC001, PC002 there is no such job, PC004, PR001, PR006 and whatever planning the command says.
-- Runs as the caller, who needs pgrelay_admin: register_channel has to see its search_path. So every name is qualified.
create or replace function pgrelay_cron.alter(
  p_name text,
  p_spec text default null,
  p_command text default null,
  p_channel text default null,
  p_payload text default null,
  p_timezone text default null,
  p_mode text default null,
  p_missed text default null,
  p_overlap text default null,
  p_jitter interval default null,
  p_grace interval default null,
  p_starts_at timestamptz default null,
  p_ends_at timestamptz default null,
  p_timeout interval default null,
  p_alert_channel text default null,
  p_deadline interval default null
) returns void
language plpgsql
as $$
declare
  v_overlap pg_catalog.text := pgrelay_cron.check_alteration(p_name, p_command is not null or p_mode is not null or p_timeout is not null,
    p_channel is not null or p_payload is not null);
begin
  perform pgrelay_cron.save_job(p_name, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('spec', p_spec, 'channel', p_channel,
    'payload', p_payload, 'timezone', p_timezone, 'missed', p_missed, 'overlap', p_overlap, 'jitter', p_jitter, 'grace', p_grace,
    'starts_at', p_starts_at, 'ends_at', p_ends_at, 'alert_channel', p_alert_channel, 'deadline', p_deadline)), null, 'alter');
  if p_command is not null then
    perform pgrelay_cron.register_command(p_name, p_command, p_mode, coalesce(p_overlap, v_overlap), p_timeout);
  elsif v_overlap is not null and (p_timeout is not null or p_overlap is not null) then
    perform pgrelay.tune_channel('cron.' operator(pg_catalog.||) p_name, p_timeout, p_overlap operator(pg_catalog.=) 'allow');
  end if;
end $$;
