-- The backends of a Processor that runs actions (its workers'), for its own forced stop: cutting a socket does not end the
-- statement behind it, so the Processor ends them with end_backend_v1 before it gives its slot back.
create or replace function pgrelay.backends_v1(p_slot smallint, p_epoch bigint) returns table (pid integer, backend_start text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select b.pid, b.backend_start::text from pgrelay.instance_backend b
  where b.slot = p_slot and b.epoch = p_epoch and b.purpose not in ('control', 'heartbeat')
$$;
