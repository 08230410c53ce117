-- The jobs and when they run next; without commands and payloads. A problem is the SQLSTATE with which the last
-- occurrence could not be sent.
create or replace view pgrelay_cron.jobs as
  select j.name, j.spec, j.every, j.source, j.channel, j.next_fire_at, j.last_planned_at, j.last_event_id, j.problem,
    j.scheduled_by, j.scheduled_at
  from pgrelay_cron.job j;
