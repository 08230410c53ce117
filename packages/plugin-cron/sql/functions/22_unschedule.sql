-- Removes a job. For one with a command its channel goes too, with what waits to run; a run that has started ends, and
-- this call waits for it (at most for the caller's lock_timeout). A job declared in the options of a Processor comes back
-- when that Processor starts again. Past runs stay in pgrelay_cron.runs. PC002 when there is no such job.
create or replace function pgrelay_cron.unschedule(p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_job pgrelay_cron.job;
begin
  delete from pgrelay_cron.job j where j.name = p_name returning * into v_job;
  if v_job.id is null then
    raise exception using errcode = 'PC002', message = format('there is no job %L', p_name),
      hint = 'The view pgrelay_cron.jobs lists them.';
  end if;
  if v_job.source = 'sql' and exists (select from pgrelay.channel c where c.name = v_job.channel) then
    perform pgrelay.drop_channel(v_job.channel, true);
    -- Nobody misses an occurrence of a job that is gone: it is no dead letter, and no run that goes on for ever.
    delete from pgrelay.failed f where f.channel = v_job.channel and f.reason = 'channel_dropped';
    delete from pgrelay_cron.fire f where f.job = p_name and not exists (select from pgrelay.log l where l.event_id = f.event_id);
  end if;
end $$;
