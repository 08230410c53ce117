-- What can be chosen for a job, as a JSON object with every setting: those of the row. The form in which what code
-- declares is compared.
create or replace function pgrelay_cron.job_settings(p_job pgrelay_cron.job) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' set intervalstyle = 'postgres' set datestyle = 'ISO, YMD'
as $$
  select jsonb_build_object('spec', p_job.spec, 'timezone', p_job.timezone, 'channel', p_job.channel, 'payload', p_job.payload,
    'missed', p_job.missed, 'overlap', p_job.overlap, 'jitter', p_job.jitter, 'grace', p_job.grace, 'starts_at', p_job.starts_at,
    'ends_at', p_job.ends_at, 'alert_channel', p_job.alert_channel, 'deadline', p_job.deadline)
$$;
