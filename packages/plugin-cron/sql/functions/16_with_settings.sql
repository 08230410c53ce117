-- A job with other settings: those that p_settings names (see job_settings), and no others. p_fresh: the rest are the defaults,
-- not those of the job. A deadline without an alert_channel is none; with one it is an hour unless said otherwise. '-infinity' and
-- 'infinity' take starts_at and ends_at away, and '' the alert_channel. PC004 when a value cannot be read.
create or replace function pgrelay_cron.with_settings(p_job pgrelay_cron.job, p_settings jsonb, p_fresh boolean) returns pgrelay_cron.job
language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO, YMD'
as $$
declare
  v_job pgrelay_cron.job := p_job;
begin
  if p_fresh then
    v_job.spec := null; v_job.timezone := 'UTC'; v_job.channel := null; v_job.payload := null; v_job.missed := 'latest'; v_job.overlap := 'queue';
    v_job.jitter := '0'; v_job.grace := '10 seconds'; v_job.starts_at := null; v_job.ends_at := null; v_job.alert_channel := null; v_job.deadline := null;
  end if;
  v_job := jsonb_populate_record(v_job,
    (select coalesce(jsonb_object_agg(s.key, s.value), '{}') from jsonb_each(p_settings) s where pgrelay_cron.job_settings(v_job) ? s.key));
  v_job.starts_at := nullif(v_job.starts_at, '-infinity');
  v_job.ends_at := nullif(v_job.ends_at, 'infinity');
  v_job.alert_channel := nullif(v_job.alert_channel, '');
  v_job.deadline := case when v_job.alert_channel is not null then coalesce(v_job.deadline, interval '1 hour') end;
  return v_job;
exception when data_exception then
  raise exception using errcode = 'PC004', message = format('a setting of job %L cannot be read', p_job.name),
    hint = 'Times are such as ''2027-03-01 08:30+01'', spans such as ''5 minutes''.';
end $$;
