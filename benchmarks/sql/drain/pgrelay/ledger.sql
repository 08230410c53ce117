select (select count(*)::integer from bench.effect) as effects,
  (select count(*)::integer from pgrelay.log l where l.outcome = 'done') as audited,
  (select count(*)::integer from (select from bench.effect e group by e.n having count(*) > 1) x)
    + (select count(*)::integer from (select from pgrelay.log l group by l.event_id having count(*) > 1) x) as repeated,
  ((select count(*) from pgrelay.queue) + (select count(*) from pgrelay.delayed) + (select count(*) from pgrelay.failed))::integer as remaining
