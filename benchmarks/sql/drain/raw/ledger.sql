select null::integer as effects, (select count(*)::integer from bench.log) as audited,
  (select count(*)::integer from (select from bench.log l group by l.event_id having count(*) > 1) x) as repeated,
  (select count(*)::integer from bench.queue) as remaining
