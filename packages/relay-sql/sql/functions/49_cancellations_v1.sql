-- The events that this Processor runs and that somebody wants stopped: the safety net under the NOTIFY of cancel().
create or replace function pgrelay.cancellations_v1(p_slot smallint, p_epoch bigint) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select a.event_id from pgrelay.cancellation a join pgrelay.queue q on q.id = a.event_id and q.slot = p_slot and q.epoch = p_epoch);
end $$;
