-- Everything that this Processor holds: to be read after a claim whose reply was lost, and every minute, or its rows
-- would hang on a living instance for ever.
create or replace function pgrelay.reclaim_v1(p_slot smallint, p_epoch bigint)
returns table (id bigint, channel_id integer, payload text, attempt integer, priority smallint, enqueued_at timestamptz, dedup_key text, key text)
language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
  select q.id, q.channel_id, q.payload, q.attempt, q.priority, q.enqueued_at, q.dedup_key, q.key
  from pgrelay.queue q where q.slot = p_slot and q.epoch = p_epoch order by q.place
$$;
