-- The one place where a job's state changes, for pause(), resume() and unschedule(). What fell into a pause is not missed: the next
-- time counts from now. Of a job that code declares, the state is the operator's from now on. PC002 when there is no such job.
create or replace function pgrelay_cron.set_job_state(p_name text, p_state text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_job pgrelay_cron.job;
  v_next timestamptz;
begin
  select j.* into v_job from pgrelay_cron.job j where j.name = p_name for update;
  if v_job.id is null or (v_job.state = 'unscheduled' and p_state = 'paused') then
    raise exception using errcode = 'PC002', message = format('there is no job %L', p_name), hint = 'The view pgrelay_cron.jobs lists them.';
  elsif v_job.state = p_state then
    return;
  end if;
  v_next := v_job.next_planned_at;
  if p_state = 'active' and v_next <= pgrelay.clock_now() then
    v_next := pgrelay_cron.next_of(v_job, pgrelay.clock_now());
  end if;
  update pgrelay_cron.job j set state = p_state, next_planned_at = v_next, next_fire_at = pgrelay_cron.fire_time(j.name, v_next, j.jitter),
      held = false, altered = case when j.source <> 'code' then j.altered
        when p_state = 'active' then array_remove(j.altered, 'state') else array_append(array_remove(j.altered, 'state'), 'state') end
    where j.id = v_job.id;
end $$;
