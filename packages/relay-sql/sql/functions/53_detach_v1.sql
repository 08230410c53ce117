-- Frees the slot of a Processor that stops. What it still holds is given back first, uncounted.
create or replace function pgrelay.detach_v1(p_slot smallint, p_epoch bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgrelay.release_v1(p_slot, p_epoch, array(select q.id from pgrelay.queue q where q.slot = p_slot and q.epoch = p_epoch));
  update pgrelay.instance i set alive = false, running_channel = null, running_event = null where i.slot = p_slot and i.epoch = p_epoch and i.alive;
  delete from pgrelay.instance_backend b where b.slot = p_slot and b.epoch = p_epoch;
end $$;
