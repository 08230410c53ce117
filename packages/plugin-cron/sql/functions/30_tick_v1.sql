-- Sends an event for every job that is due and sets its next time; all Processors call it, there is no leader. A job that
-- another call has in hand is skipped, and when that has committed the job is no longer due: so each occurrence is sent
-- once. Sending and the next time commit together.
-- A dedup key lets an occurrence join the one before while that still waits to start. A channel that takes no event
-- (dropped, disabled) is noted with the job, holds up no other, and costs the occurrence.
-- Returns the ms until the next job is due, or NULL when there is none.
create or replace function pgrelay_cron.tick_v1() returns double precision
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_job pgrelay_cron.job;
  v_event bigint;
  v_problem text;
begin
  for v_job in
    select j.* from pgrelay_cron.job j where j.next_fire_at <= v_now order by j.next_fire_at for update skip locked
  loop
    v_event := null;
    v_problem := null;
    begin
      v_event := pgrelay.notify(v_job.channel, v_job.payload, p_dedup_key => 'cron.' || v_job.name);
      insert into pgrelay_cron.fire (event_id, job, planned_at, fired_at) values (v_event, v_job.name, v_job.next_fire_at, v_now)
        on conflict do nothing;
    exception when sqlstate 'PR001' or sqlstate 'PR002' or sqlstate 'PR003' then
      v_problem := sqlstate;
    end;
    update pgrelay_cron.job j
      set last_planned_at = j.next_fire_at, last_event_id = coalesce(v_event, j.last_event_id), problem = v_problem,
        next_fire_at = pgrelay_cron.next_fire(j.next_fire_at, j.every, v_now)
      where j.id = v_job.id;
  end loop;
  -- Without a job there is no row, hence NULL: greatest() alone would say 0, and the caller would come back at once, for ever.
  return (select greatest(extract(epoch from min(j.next_fire_at) - pgrelay.clock_now()) * 1000, 0) from pgrelay_cron.job j having count(*) > 0);
end $$;
