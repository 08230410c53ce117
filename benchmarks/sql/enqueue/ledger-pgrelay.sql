select ((select count(*) from pgrelay.queue) + (select count(*) from bench.queue) + (select count(*) from bench.bare))::integer as events,
  (select count(*)::integer from bench.orders) as orders
