-- How long writes took since p_since, apart for those that overlapped a refresh and those that did not. Milliseconds.
create or replace function demo.latencies(p_since timestamptz) returns table (
  during_writes integer, during_p50 double precision, during_p95 double precision, during_worst double precision,
  outside_writes integer, outside_p50 double precision, outside_p95 double precision, outside_worst double precision
)
language sql volatile
as $$
  with r as materialized (
    select coalesce(range_agg(tstzrange(f.started_at, greatest(f.started_at, f.finished_at))), '{}') as times
    from demo.refreshes f where f.finished_at >= p_since
  ), l as materialized (
    select x.ms, r.times && tstzrange(x.started_at, x.started_at + x.ms * interval '1 ms') as during
    from demo.latency x cross join r where x.started_at >= p_since
  )
  select d.n, d.p[1], d.p[2], d.p[3], o.n, o.p[1], o.p[2], o.p[3]
  from (select count(*) as n, percentile_disc('{0.5, 0.95, 1}'::float8[]) within group (order by l.ms) as p from l where l.during) d
  cross join (select count(*) as n, percentile_disc('{0.5, 0.95, 1}'::float8[]) within group (order by l.ms) as p from l where not l.during) o
$$;
