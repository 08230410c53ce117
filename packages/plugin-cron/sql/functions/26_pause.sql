-- Stops sending occurrences of a job, until resume(); what was sent already runs. Idempotent. PC002 when there is no such job.
create or replace function pgrelay_cron.pause(p_name text) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select pgrelay_cron.set_job_state(p_name, 'paused') $$;
