-- Lets a paused job go on, or brings back one of code that was unscheduled: from its next time after now. Idempotent. PC002 when
-- there is no such job.
create or replace function pgrelay_cron.resume(p_name text) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select pgrelay_cron.set_job_state(p_name, 'active') $$;
