insert into bench.queue (id, enqueued_at, run_at, channel_id, node, payload)
values (nextval('pgrelay.event_id_seq'), clock_timestamp(), clock_timestamp(), 1, 1, $1)
