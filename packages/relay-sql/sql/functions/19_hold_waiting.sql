-- Holds an event that has not started yet (FOR SHARE, to the end of the caller's transaction), so that no claim takes it
-- before the caller commits; moves a delayed one forward when p_not_after is earlier. False: make a new event. That is so when
-- the event has started, or is being claimed right now (a claim in progress is skipped, never waited for, since it may be
-- running an action); when others hold it and it should have run a second ago (one after the other, producers would hold a
-- busy key's event for ever); and when others hold a delayed one that is to be moved (waiting for them could be a deadlock).
-- Only the short move from delayed to queue is waited for, and followed. coalesce keeps the index of ready events out of the
-- plan, which would be walked for one id.
create or replace function pgrelay.hold_waiting(p_id bigint, p_not_after timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_due timestamptz;
begin
  for v_look in 1..2 loop
    select q.run_at into v_due from pgrelay.queue q where q.id = p_id and coalesce(q.slot, 0::smallint) = 0 and q.attempt = 0;
    if found then
      if v_due < pgrelay.clock_now() - interval '1 second' and not pgrelay.nobody_holds(p_id) then
        return false;
      end if;
      perform from pgrelay.queue q where q.id = p_id and coalesce(q.slot, 0::smallint) = 0 and q.attempt = 0 for share skip locked;
      return found;
    end if;
    select d.run_at into v_due from pgrelay.delayed d where d.id = p_id and d.attempt = 0;
    if v_due > p_not_after then
      perform from pgrelay.delayed d where d.id = p_id for no key update skip locked;
      if not found then
        return false;
      end if;
      update pgrelay.delayed d set run_at = p_not_after where d.id = p_id;
      return true;
    elsif found then
      perform from pgrelay.delayed d where d.id = p_id for share;
      if found then
        return true;
      end if;
    end if;
  end loop;
  return false;
end $$;
