-- Looks at the runs whose deadline has come, at most p_limit, each once: one that was not done by then is noted and reported. One
-- that another call has in hand is passed over.
create or replace function pgrelay_cron.check_deadlines(p_now timestamptz, p_limit integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_run pgrelay_cron.fire;
  v_job pgrelay_cron.job;
begin
  for v_run in
    select f.* from pgrelay_cron.fire f where f.due_by <= p_now order by f.due_by limit p_limit for update skip locked
  loop
    update pgrelay_cron.fire f set due_by = null where f.event_id = v_run.event_id;
    select j.* into v_job from pgrelay_cron.job j where j.name = v_run.job;
    continue when not found or exists (select from pgrelay.log l
      where l.event_id = v_run.event_id and l.outcome = 'done' and l.finished_at >= v_run.fired_at and l.finished_at <= v_run.due_by);
    perform pgrelay_cron.note_miss(v_job, 'not_done', v_run.planned_at, v_run.planned_at, v_run.event_id);
  end loop;
end $$;
