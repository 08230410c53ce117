-- The refreshes of the view: those the timer noted, and the one that runs.
create or replace view demo.refreshes as
  select r.started_at, coalesce(r.finished_at, clock_timestamp()) as finished_at, r.finished_at is not null as done from demo.refresh_run r;
