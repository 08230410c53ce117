-- Takes over the jobs of pg_cron: prints the calls that make the same jobs here, or with p_apply makes them. A row for each job of
-- p_table, which is shaped like pg_cron's cron.job.
--   p_table      cron.job by default; it may be a copy, restored from a dump
--   p_apply      false: only show. true: make them; a job that is refused is a row and keeps no other from being made
--   p_timezone   cron.timezone of the server that pg_cron runs on, else GMT
--   action       create, exists, other_database or refused (see pg_cron_plan); a command that cannot be planned is refused too
--   call         the same as text
-- As with pg_cron, what is missed in a downtime of more than a minute is skipped, a run waits for the one before, and nothing ends a run before a day.
-- pg_cron's own jobs are left as they are: stop them once those here run. Errors: PC006.
-- Runs as the caller, who needs pgrelay_admin: schedule() has to see its search_path. So every name is qualified.
create or replace function pgrelay_cron.import_pg_cron(
  p_table regclass default pg_catalog.to_regclass('cron.job'),
  p_apply boolean default false,
  p_timezone text default coalesce(nullif(pg_catalog.current_setting('cron.timezone', true), ''), 'GMT')
) returns table (jobid bigint, name text, spec text, action text, note text, call text)
language plpgsql
as $$
declare
  v_job record;
begin
  for v_job in select j.* from pgrelay_cron.pg_cron_jobs(p_table, p_timezone) j loop
    jobid := v_job.jobid;
    name := v_job.name;
    spec := v_job.spec;
    action := v_job.action;
    note := v_job.note;
    call := pg_catalog.format('select pgrelay_cron.schedule(%L, %L, %L, p_timezone => %L, p_missed => ''skip'', p_grace => ''1 minute'', p_timeout => ''1 day'');%s',
      name, spec, v_job.command, p_timezone, case when v_job.active then '' else pg_catalog.format(' select pgrelay_cron.pause(%L);', name) end);
    if p_apply and action operator(pg_catalog.=) 'create' then
      begin
        perform pgrelay_cron.schedule(name, spec, v_job.command, p_timezone => p_timezone, p_missed => 'skip', p_grace => '1 minute', p_timeout => '1 day');
        if not v_job.active then
          perform pgrelay_cron.pause(name);
        end if;
      exception when others then
        action := 'refused';
        note := pg_catalog.concat_ws(': ', sqlstate, sqlerrm);
      end;
    end if;
    return next;
  end loop;
end $$;
