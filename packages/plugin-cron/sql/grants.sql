-- Who may do what; PUBLIC has nothing.
--   pgrelay_viewer      reads jobs, runs, misses and problems, and tries specs
--   pgrelay_admin       schedules
--   pgrelay_processor   ticks, and declares the jobs of its options
grant usage on schema pgrelay_cron to pgrelay_viewer, pgrelay_admin, pgrelay_processor;

grant select on pgrelay_cron.jobs, pgrelay_cron.runs, pgrelay_cron.misses to pgrelay_viewer;
grant execute on function pgrelay_cron.get_cron_problems(), pgrelay_cron.next_runs(text, integer, text, timestamptz, timestamptz),
  pgrelay_cron.preview_missed(text, text, integer) to pgrelay_viewer;

grant select on pgrelay_cron.job to pgrelay_admin;
grant execute on function
  pgrelay_cron.schedule(text, text, text, text, text, text, text, interval, interval, timestamptz, timestamptz, interval, text, interval),
  pgrelay_cron.schedule_event(text, text, text, text, text, text, text, interval, interval, timestamptz, timestamptz, text, interval),
  pgrelay_cron.alter(text, text, text, text, text, text, text, text, text, interval, interval, timestamptz, timestamptz, interval, text, interval),
  pgrelay_cron.unschedule(text), pgrelay_cron.pause(text), pgrelay_cron.resume(text), pgrelay_cron.run_now(text),
  pgrelay_cron.import_pg_cron(regclass, boolean, text),
  pgrelay_cron.save_job(text, jsonb, text, text), pgrelay_cron.register_command(text, text, text, text, interval), pgrelay_cron.command_mode(text),
  pgrelay_cron.check_alteration(text, boolean, boolean), pgrelay_cron.pg_cron_jobs(regclass, text), pgrelay_cron.pg_cron_plan(jsonb, boolean, text)
  to pgrelay_admin;

grant execute on function
  pgrelay_cron.tick_v1(), pgrelay_cron.forget_v1(interval), pgrelay_cron.declare_jobs_v1(text[], text[], text[], text[]),
  pgrelay_cron.plan_jobs_v1(text, jsonb), pgrelay_cron.sync_jobs_v1(text, jsonb, boolean)
  to pgrelay_processor;
