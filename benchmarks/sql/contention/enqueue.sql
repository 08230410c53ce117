-- Enqueues $2 events of the channel $1, each for one of the 100 rows, in random order.
select cardinality(pgrelay.notify_many($1, array_agg((1 + floor(random() * 100))::integer::text))) as events from generate_series(1, $2::integer)
