-- Refuses a change that does not go with the kind of the job: PC004; PC002 when there is none. Returns the overlap policy of a job
-- with a command, since its channel follows it, and NULL for one that sends an event.
create or replace function pgrelay_cron.check_alteration(p_name text, p_of_command boolean, p_of_event boolean) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_job pgrelay_cron.job;
begin
  select j.* into v_job from pgrelay_cron.job j where j.name = p_name;
  if v_job.id is null then
    raise exception using errcode = 'PC002', message = format('there is no job %L', p_name), hint = 'The view pgrelay_cron.jobs lists them.';
  elsif v_job.kind = 'event' and p_of_command then
    raise exception using errcode = 'PC004', message = format('job %L sends an event and has no command', p_name),
      hint = 'Its mode and timeout are those of its channel.';
  elsif v_job.kind = 'command' and p_of_event then
    raise exception using errcode = 'PC004', message = format('job %L runs a command and sends no event', p_name), hint = 'Give p_command.';
  end if;
  return case v_job.kind when 'command' then v_job.overlap end;
end $$;
