-- The refreshes of the view: those the log has, and the one that runs.
create or replace view demo.refreshes as
  select l.at - l.duration as started_at, l.at as finished_at, true as done
  from pgauto_mv.log l where l.kind <> 'firing' and l.kind = 'attempt' and l.outcome = 'done'
  union all
  select a.query_start, clock_timestamp(), false from pg_stat_activity a
  where a.datname = current_database() and a.state = 'active' and a.query ~* '^\s*refresh materialized view';
