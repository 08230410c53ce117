-- The jobs and when they run next; without commands and payloads. state is active, paused, unscheduled (declared in code, but an
-- operator removed it) or finished (it never fires again). A problem is the SQLSTATE with which the last occurrence could not be
-- sent. altered: what an operator changed of a job that code declares.
create or replace view pgrelay_cron.jobs as
  select j.name, j.spec, j.timezone, case when j.state = 'active' and j.next_planned_at is null then 'finished' else j.state end as state,
    j.kind, j.source, j.app, j.channel, j.missed, j.overlap, j.jitter, j.grace, j.starts_at, j.ends_at, j.alert_channel, j.deadline,
    case j.state when 'active' then j.next_planned_at end as next_planned_at, case j.state when 'active' then j.next_fire_at end as next_fire_at,
    j.held, j.last_planned_at, j.last_event_id, j.skipped, j.problem, j.altered, j.scheduled_by, j.scheduled_at
  from pgrelay_cron.job j;
