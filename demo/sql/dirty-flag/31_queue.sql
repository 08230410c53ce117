-- There is no queue. The view lacks everything written since its last refresh began: the pattern itself does not know
-- since when, for its control table keeps only the latest write.
create or replace view demo.queue as
select null::bigint as events, null::bigint as events_waiting, (
  select min(l.started_at + l.ms * interval '1 ms') from demo.latency l
  where l.started_at >= (select max(r.started_at) from demo.refresh_run r where r.finished_at is not null)) as stale_since;
