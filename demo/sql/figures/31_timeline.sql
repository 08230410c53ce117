-- The last p_buckets half seconds, oldest first: the slowest write that was under way in each, and whether a refresh was.
create or replace function demo.timeline(p_buckets integer) returns table (worst double precision, refreshing boolean)
language sql volatile
as $$
  with bucket as (
    select b.at as began, b.at + interval '500 ms' as ended from demo.run run
    cross join generate_series(date_bin('500 ms', clock_timestamp(), run.started_at) - p_buckets * interval '500 ms',
      date_bin('500 ms', clock_timestamp(), run.started_at) - interval '500 ms', interval '500 ms') b (at)
    where b.at >= run.started_at)
  select (select max(l.ms) from demo.latency l
      where l.started_at between b.began - interval '15 s' and b.ended and l.started_at + l.ms * interval '1 ms' >= b.began),
    exists (select from demo.refreshes f where f.started_at < b.ended and f.finished_at > b.began)
  from bucket b order by b.began
$$;
