-- What the relay did with events since the run began, what waits, and since when the view lacks something.
create or replace view demo.queue as
select (select count(*) from pgrelay.log l, demo.run r where l.outcome = 'done' and l.finished_at >= r.started_at) as events,
  (select count(*) from pgrelay.events e where e.channel <> 'pgauto_mv.sync') as events_waiting,
  (select f.stale_since from pgauto_mv.freshness f) as stale_since;
