-- The last p_buckets half seconds, oldest first: the slowest write that was under way in each, and whether a refresh was.
create or replace function demo.timeline(p_buckets integer) returns table (worst double precision, refreshing boolean)
language sql volatile
as $$
  with clock as materialized (
    select r.started_at as origin, floor(extract(epoch from clock_timestamp() - r.started_at) * 2)::integer as now from demo.run r
  ), slow as (
    select b.n, max(l.ms) as worst from clock c
    cross join demo.latency l
    cross join lateral generate_series(floor(extract(epoch from l.started_at - c.origin) * 2)::integer,
      floor((extract(epoch from l.started_at - c.origin) + l.ms / 1000) * 2)::integer) b (n)
    where l.started_at >= c.origin + (c.now - p_buckets - 30) * interval '500 ms' group by b.n
  ), busy as materialized (
    select f.started_at - c.origin as began, f.finished_at - c.origin as ended from demo.refreshes f, clock c
  )
  select s.worst, exists (select from busy y where y.began < (b.n + 1) * interval '500 ms' and y.ended > b.n * interval '500 ms')
  from clock c cross join lateral generate_series(greatest(0, c.now - p_buckets), c.now - 1) b (n)
  left join slow s on s.n = b.n
  order by b.n
$$;
