insert into bench.queue (id, enqueued_at, run_at, channel_id, node, payload)
select nextval('pgrelay.event_id_seq'), clock_timestamp(), clock_timestamp(), 1, 1, p.payload from unnest($1::text[]) p(payload)
