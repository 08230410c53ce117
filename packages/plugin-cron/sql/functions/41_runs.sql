-- What became of each occurrence that was sent: a row for each attempt that ended, one without an outcome while the
-- first still waits or runs.
create or replace view pgrelay_cron.runs as
  select f.job, f.planned_at, f.event_id, l.attempt, l.started_at, l.finished_at, l.outcome, l.sqlstate, l.code
  from pgrelay_cron.fire f left join pgrelay.log l on l.event_id = f.event_id;
