-- Sends the event of an occurrence, notes it, and returns its id. PR001, PR002 or PR003 when the channel does not take it. The
-- payload of a command is the time of the occurrence.
create or replace function pgrelay_cron.send_run(p_job pgrelay_cron.job, p_planned timestamptz, p_manual boolean) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_event bigint := pgrelay.notify(p_job.channel, case p_job.kind when 'event' then p_job.payload
    else to_char(p_planned at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end);
begin
  insert into pgrelay_cron.fire (event_id, job, planned_at, fired_at, manual, due_by)
    values (v_event, p_job.name, p_planned, pgrelay.clock_now(), p_manual, p_planned + p_job.deadline);
  return v_event;
end $$;
