-- $2 events of the channel $1 that are due in a day or later.
with n as (
  select cardinality(pgrelay.notify_many($1, array_agg(n::text), array_agg(now() + interval '1 day' + n * interval '1 second'))) as n
  from generate_series(1, $2::integer) n group by n / 10000)
select sum(n)::integer as delayed from n
