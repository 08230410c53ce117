-- The last time of a job before p_before, when its next_planned_at is before.
create or replace function pgrelay_cron.last_of(p_job pgrelay_cron.job, p_before timestamptz) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select pgrelay_cron.last_fire(p_job.spec, p_job.next_planned_at, least(p_before, p_job.ends_at + interval '1 microsecond'), p_job.timezone, p_job.starts_at)
$$;
