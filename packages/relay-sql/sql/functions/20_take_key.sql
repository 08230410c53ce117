-- Takes a dedup key for a new event, or finds and holds the event that waits under it. Returns p_id when the key is ours
-- now, else the id of the waiting event, held until the caller commits and moved forward when it was due later than
-- p_not_after. A key that is kept for longer (p_kept_until of the call that took it) is not ours either, although its event has started or
-- ended: nothing is held then. A key that another open transaction is just inserting is waited for. The planner settings hold for what it
-- calls, too: a producer's session keeps plans that it made while the tables were empty.
create or replace function pgrelay.take_key(p_channel_id integer, p_key text, p_id bigint, p_not_after timestamptz, p_kept_until timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_waiting bigint;
  v_kept timestamptz;
begin
  loop
    insert into pgrelay.dedup (channel_id, key, event_id, kept_until) values (p_channel_id, p_key, p_id, p_kept_until) on conflict do nothing;
    exit when found;
    select d.event_id, d.kept_until into v_waiting, v_kept from pgrelay.dedup d where d.channel_id = p_channel_id and d.key = p_key;
    continue when not found;                                       -- freed just now: try again
    if pgrelay.hold_waiting(v_waiting, p_not_after) or v_kept > pgrelay.clock_now() then
      return v_waiting;
    end if;
    update pgrelay.dedup d set event_id = p_id, kept_until = p_kept_until      -- it has started: the key is ours, unless another took it
      where d.channel_id = p_channel_id and d.key = p_key and d.event_id = v_waiting;
    exit when found;
  end loop;
  return p_id;
end $$;
