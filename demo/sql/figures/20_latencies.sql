-- How long writes took since p_since, apart for those that overlapped a refresh and those that did not. Milliseconds.
create or replace function demo.latencies(p_since timestamptz)
returns table (during boolean, writes integer, p50 double precision, p95 double precision, worst double precision)
language sql volatile
as $$
  with r as materialized (select f.started_at, f.finished_at from demo.refreshes f where f.finished_at >= p_since)
  select k.during, count(l.ms), percentile_cont(0.5) within group (order by l.ms), percentile_cont(0.95) within group (order by l.ms), max(l.ms)
  from (values (true), (false)) k (during)
  left join (
    select x.ms, exists (select from r where r.started_at < x.started_at + x.ms * interval '1 ms' and r.finished_at > x.started_at) as during
    from demo.latency x where x.started_at >= p_since) l on l.during = k.during
  group by k.during
$$;
