-- The next time of a job after p_after, as its spec, time zone, start and end say. NULL: never again.
create or replace function pgrelay_cron.next_of(p_job pgrelay_cron.job, p_after timestamptz) returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_next timestamptz := pgrelay_cron.next_fire(p_job.spec, p_after, p_job.timezone, p_job.starts_at);
begin
  return case when v_next <= coalesce(p_job.ends_at, v_next) then v_next end;
end $$;
