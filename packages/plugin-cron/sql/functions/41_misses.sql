-- Runs that did not happen as they should have: missed (nobody was there to send them, from planned_at until), not_sent (the
-- channel takes no event) or not_done (by the deadline; event_id explains it). alert_event_id is the report of it.
create or replace view pgrelay_cron.misses as
  select m.job, m.problem, m.planned_at, m.until, m.event_id, m.noted_at, m.alert_channel, m.alert_event_id from pgrelay_cron.miss m;
