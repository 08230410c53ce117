-- What a Processor calls when its worker's connection was lost again while it ran an event that had lost one before, so that one
-- that ends its own backend each time does not hold up its channel for ever. p_elapsed_ms: since the attempt began.
-- Returns what count_loss does.
create or replace function pgrelay.lose_v1(p_slot smallint, p_epoch bigint, p_worker smallint, p_event_id bigint, p_elapsed_ms double precision)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgrelay.check_fence(p_slot, p_epoch);
  return pgrelay.count_loss(p_slot, p_epoch, p_worker, p_event_id, clock_timestamp() - make_interval(secs => p_elapsed_ms / 1000));
end $$;
