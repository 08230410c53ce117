-- Raises PR009 unless the slot is held, alive, in this epoch. A look, not a lock: a Processor declared dead right after
-- it may still mark rows with its old epoch, and rescue_v1 takes those back, since no living instance has that epoch.
create or replace function pgrelay.check_fence(p_slot smallint, p_epoch bigint) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from pgrelay.instance i where i.slot = p_slot and i.epoch = p_epoch and i.alive) then
    raise exception using errcode = 'PR009', message = format('slot %s is no longer held in epoch %s', p_slot, p_epoch),
      hint = 'The Processor was declared dead because its heartbeat stopped; it attaches again by itself.';
  end if;
end $$;
