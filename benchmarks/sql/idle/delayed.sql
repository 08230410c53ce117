-- $1 events that are due in a day or later.
with n as (
  select cardinality(pgrelay.notify_many('idle.1', array_agg(n::text), array_agg(now() + interval '1 day' + n * interval '1 second'))) as n
  from generate_series(1, $1::integer) n group by n / 10000)
select sum(n)::integer as delayed from n
