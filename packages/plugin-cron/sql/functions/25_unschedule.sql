-- Removes a job. For one with a command its channel goes too, with what waits to run; a run that has started ends, and
-- this call waits for it (at most for the caller's lock_timeout). One that code declares stays away, too: it is kept as unscheduled
-- until its code is gone, or resume() brings it back. Past runs stay in pgrelay_cron.runs. PC002 when there is no such job.
create or replace function pgrelay_cron.unschedule(p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_job pgrelay_cron.job;
begin
  select j.* into v_job from pgrelay_cron.job j where j.name = p_name and j.state <> 'unscheduled' for update;
  if v_job.id is null then
    raise exception using errcode = 'PC002', message = format('there is no job %L', p_name),
      hint = 'The view pgrelay_cron.jobs lists them.';
  elsif v_job.source = 'code' then
    perform pgrelay_cron.set_job_state(p_name, 'unscheduled');
    return;
  end if;
  delete from pgrelay_cron.job j where j.id = v_job.id;
  if v_job.kind = 'command' and exists (select from pgrelay.channel c where c.name = v_job.channel) then
    perform pgrelay.drop_channel(v_job.channel, true);
    -- Nobody misses an occurrence of a job that is gone: it is no dead letter.
    delete from pgrelay.failed f where f.channel = v_job.channel and f.reason = 'channel_dropped';
  end if;
end $$;
