-- Who may do what; PUBLIC has nothing.
--   pgrelay_viewer      reads jobs, runs and problems
--   pgrelay_admin       schedules
--   pgrelay_processor   ticks, and declares the jobs of its options
grant usage on schema pgrelay_cron to pgrelay_viewer, pgrelay_admin, pgrelay_processor;

grant select on pgrelay_cron.jobs, pgrelay_cron.runs to pgrelay_viewer;
grant execute on function pgrelay_cron.get_cron_problems() to pgrelay_viewer;
grant execute on function pgrelay_cron.parse_spec(text), pgrelay_cron.next_fire(timestamptz, interval, timestamptz) to pgrelay_viewer;

grant select on pgrelay_cron.job to pgrelay_admin;
grant execute on function
  pgrelay_cron.schedule(text, text, text), pgrelay_cron.record_job(text, text, text, text, text), pgrelay_cron.unschedule(text)
  to pgrelay_admin;

grant execute on function
  pgrelay_cron.tick_v1(), pgrelay_cron.forget_v1(interval), pgrelay_cron.declare_jobs_v1(text[], text[], text[], text[])
  to pgrelay_processor;
