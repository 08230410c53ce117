-- Rows $1 to $2.
insert into bench.queue (id, enqueued_at, run_at, channel_id, node, payload)
select n, clock_timestamp(), clock_timestamp(), 1, 1, n::text from generate_series($1::bigint, $2::bigint) n
