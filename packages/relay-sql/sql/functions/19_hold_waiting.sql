-- Holds an event that has not started yet (FOR SHARE, to the end of the caller's transaction), so that no claim takes it
-- before the caller commits; moves a delayed one forward when p_not_after is earlier. False when the event has started,
-- or is being claimed right now: a claim in progress is skipped, never waited for, since it may be running an action.
-- Only the short move from delayed to queue is waited for, and followed.
create or replace function pgrelay.hold_waiting(p_id bigint, p_not_after timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_due timestamptz;
begin
  for v_look in 1..2 loop
    perform from pgrelay.queue q where q.id = p_id and q.slot is null and q.attempt = 0 for share skip locked;
    if found then
      return true;
    end if;
    select d.run_at into v_due from pgrelay.delayed d where d.id = p_id and d.attempt = 0 for share;
    if found then
      if v_due > p_not_after then
        update pgrelay.delayed d set run_at = p_not_after where d.id = p_id;
      end if;
      return true;
    end if;
  end loop;
  return false;
end $$;
