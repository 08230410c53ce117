-- Runs a job now, beside its schedule; also a paused one. Returns the event's id. PC002 when there is no such job; PC005 while a
-- run of it has not ended and its overlap policy keeps two from running at once; PR001 or PR002 when its channel takes no event.
create or replace function pgrelay_cron.run_now(p_name text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_job pgrelay_cron.job;
  v_event bigint;
begin
  select j.* into v_job from pgrelay_cron.job j where j.name = p_name and j.state <> 'unscheduled' for update;
  if v_job.id is null then
    raise exception using errcode = 'PC002', message = format('there is no job %L', p_name), hint = 'The view pgrelay_cron.jobs lists them.';
  elsif (v_job.overlap = 'skip' or (v_job.overlap = 'queue' and v_job.kind = 'event')) and pgrelay_cron.is_running(v_job.last_event_id) then
    raise exception using errcode = 'PC005', message = format('job %L has a run that has not ended: event %s', p_name, v_job.last_event_id),
      hint = 'Wait for it, or let runs overlap: pgrelay_cron.alter(…, p_overlap => ''allow'').';
  end if;
  v_event := pgrelay_cron.send_run(v_job, pgrelay.clock_now(), true);
  update pgrelay_cron.job j set last_event_id = v_event, problem = null where j.id = v_job.id;
  return v_event;
end $$;
