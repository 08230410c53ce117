-- Finished jobs are gone, and there is no audit row.
select (select count(*)::integer from bench.effect) as effects, null::integer as audited,
  (select count(*)::integer from (select from bench.effect e group by e.n having count(*) > 1) x) as repeated,
  (select count(*)::integer from graphile_worker._private_jobs) as remaining
