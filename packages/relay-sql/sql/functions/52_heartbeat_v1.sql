-- Renews the lease of a Processor. False: it was declared dead and must drop what it has in hand and attach again.
create or replace function pgrelay.heartbeat_v1(p_slot smallint, p_epoch bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update pgrelay.instance i set heartbeat_at = pgrelay.clock_now() where i.slot = p_slot and i.epoch = p_epoch and i.alive;
  return found;
end $$;
