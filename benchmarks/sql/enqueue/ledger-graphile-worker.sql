select (select count(*)::integer from graphile_worker._private_jobs) as events, (select count(*)::integer from bench.orders) as orders
