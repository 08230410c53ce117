-- The row of a finished job stays: it is the audit row.
select (select count(*)::integer from bench.effect) as effects,
  (select count(*)::integer from pgboss.job j where j.name = 'drain' and j.state = 'completed') as audited,
  (select count(*)::integer from (select from bench.effect e group by e.n having count(*) > 1) x) as repeated,
  (select count(*)::integer from pgboss.job j where j.name = 'drain' and j.state <> 'completed') as remaining
