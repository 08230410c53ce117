-- Notes that a run did not happen as it should have, and reports it to the job's alert channel, if it has one. For each miss once:
-- whoever calls it takes care of that. The event's payload is a JSON object: job, problem (missed, not_sent, not_done), plannedAt,
-- until (of the last, where several were missed together) and eventId.
create or replace function pgrelay_cron.note_miss(
  p_job pgrelay_cron.job, p_problem text, p_planned timestamptz, p_until timestamptz, p_event_id bigint
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  v_alert bigint;
begin
  if p_job.alert_channel is not null then
    begin
      v_alert := pgrelay.notify(p_job.alert_channel, jsonb_build_object('job', p_job.name, 'problem', p_problem, 'plannedAt', p_planned, 'until', p_until,
        'eventId', p_event_id::text)::text);
    exception when sqlstate 'PR001' or sqlstate 'PR002' or sqlstate 'PR003' then
      null;                                                  -- get_cron_problems() shows it
    end;
  end if;
  insert into pgrelay_cron.miss (job, problem, planned_at, until, event_id, noted_at, alert_channel, alert_event_id)
    values (p_job.name, p_problem, p_planned, p_until, p_event_id, pgrelay.clock_now(), p_job.alert_channel, v_alert);
end $$;
