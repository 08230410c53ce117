-- What became of each occurrence that was sent: a row for each attempt that ended, and one for what still waits or runs, with the
-- state for an outcome: delayed (waits for a retry), ready or claimed. manual: by run_now(). The events and their errors are in pgrelay.log,
-- pgrelay.failed and pgrelay.explain_event() like any other.
create or replace view pgrelay_cron.runs as
  select f.job, f.planned_at, f.fired_at, f.manual, f.event_id, l.attempt, l.started_at, l.finished_at, l.outcome, l.sqlstate, l.code
  from pgrelay_cron.fire f join pgrelay.log l on l.event_id = f.event_id
  union all
  select f.job, f.planned_at, f.fired_at, f.manual, f.event_id, q.attempt, q.claimed_at, null, case when q.slot is null then 'ready' else 'claimed' end, null, null
  from pgrelay_cron.fire f join pgrelay.queue q on q.id = f.event_id
  union all
  select f.job, f.planned_at, f.fired_at, f.manual, f.event_id, d.attempt, null, null, 'delayed', null, null
  from pgrelay_cron.fire f join pgrelay.delayed d on d.id = f.event_id;
