-- One row with what the screen shows. Latencies are of the last p_window; the rest of the moment or of the whole run.
create or replace function demo.figures(p_window interval default interval '1 minute') returns table (
  seconds double precision, writes integer, writes_per_s double precision,
  events integer, events_waiting integer,
  refreshes integer, refreshing boolean, refresh_ms double precision, stale_ms double precision, blocked integer,
  during_writes integer, during_p50 double precision, during_p95 double precision, during_worst double precision,
  outside_writes integer, outside_p50 double precision, outside_p95 double precision, outside_worst double precision
)
language sql volatile
as $$
  select extract(epoch from coalesce(run.ended_at, clock_timestamp()) - run.started_at)::float8,
    (select count(*) from demo.latency),
    (select count(*) / 2.0 from demo.latency l
      where l.started_at > clock_timestamp() - interval '30 s' and l.started_at + l.ms * interval '1 ms' between clock_timestamp() - interval '2.5 s' and clock_timestamp() - interval '0.5 s')::float8,
    q.events, q.events_waiting,
    (select count(*) from demo.refreshes f where f.done and f.started_at >= run.started_at),
    exists (select from demo.refreshes f where not f.done),
    (select extract(epoch from f.finished_at - f.started_at) * 1000 from demo.refreshes f where f.done order by f.finished_at desc limit 1)::float8,
    coalesce(extract(epoch from clock_timestamp() - q.stale_since) * 1000, 0)::float8,
    demo.blocked_writers(), l.*
  from demo.run run
  cross join demo.queue q
  cross join lateral demo.latencies(greatest(run.started_at, clock_timestamp() - p_window)) l
$$;
