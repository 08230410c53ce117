-- Those of these backends of this Processor that run an event of a SQL channel which somebody wants cancelled.
create or replace function pgrelay.batches_to_stop_v1(p_slot smallint, p_epoch bigint, p_pids integer[])
returns table (event_id bigint, pid integer, backend_start timestamptz)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select a.event_id, b.pid, b.backend_start from pgrelay.cancellation a
  join pgrelay.queue q on q.id = a.event_id and q.slot is null
  join pgrelay.channel c on c.id = q.channel_id and c.kind = 'sql'
  cross join lateral pgrelay.lock_holders(q.xmax) h
  join pgrelay.instance_backend b on b.slot = p_slot and b.epoch = p_epoch and b.pid = h.pid and b.pid = any (p_pids)
$$;
