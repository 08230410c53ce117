-- Renews the lease of a Processor. False: it was declared dead and must drop what it has in hand and attach again.
-- p_blocked_ms: for so long its event loop has not turned, which get_problems shows meanwhile; NULL when it turns.
create or replace function pgrelay.heartbeat_v1(p_slot smallint, p_epoch bigint, p_blocked_ms double precision default null) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update pgrelay.instance i set heartbeat_at = pgrelay.clock_now(),
      blocked_since = pgrelay.clock_now() - p_blocked_ms * interval '1 millisecond'
    where i.slot = p_slot and i.epoch = p_epoch and i.alive;
  return found;
end $$;
