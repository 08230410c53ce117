-- The events that one worker of a Processor holds: read after it lost its connection, since the reply of a claim may have
-- been lost with it. Only this worker claims for its number, so nothing of others is among them.
create or replace function pgrelay.held_by_worker_v1(p_slot smallint, p_epoch bigint, p_worker smallint) returns bigint[]
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(q.id), '{}') from pgrelay.queue q where q.slot = p_slot and q.epoch = p_epoch and q.worker = p_worker
$$;
