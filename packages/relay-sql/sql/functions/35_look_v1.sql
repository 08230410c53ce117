-- The one statement of an idle Processor: keeps the flag armed, moves due events, says which channels have work, what low-water
-- marks may advance to, and whether a Processor was lost. Read in this order, each step in a statement of its own:
--   p_arm       keep the flag armed (arm_v1). earlier: NULL when it was armed already, else who may still commit an event without
--               a hint. Before the check for work, so that whoever comes later sends a hint and whoever came before is found
--   p_watch     producers: who holds the lock of an insert now, also before the check for work: once nobody of `earlier` is among
--               them, this check was the one after the last of them
--   next_due_ms when the next delayed event is due; what is due now is moved (promote_v1), and once a second, whoever looks, what
--               waited for other events that have ended (release_waiters); what has expired goes (expire_soon)
--               Also when the next event may start of a channel whose rate is used up (next_start_ms)
--   horizon     rescan, cand and holders, as horizon_v1. holders is NULL when nothing has changed since p_rescan and p_cand
--   p_full      lanes: the marks of all lanes read from the beginning up to p_cand, which must be decided already
--   channels    what has work (ready_channels). p_idle says that no event up to p_cand was ready and all places up to it are decided:
--               while nothing has changed since, there is none, and nothing is read
--   p_rescue    returns what ended epochs still hold (rescue_v1); else only says in `dead` that a lease has expired, or that a
--               Processor was buried whose events are not all back. expires_ms: when the next lease ends if it is not renewed
create or replace function pgrelay.look_v1(
  p_handler_channels integer[], p_channels integer[], p_priorities smallint[], p_lows bigint[], p_rescan bigint, p_cand bigint,
  p_idle boolean, p_arm boolean, p_watch boolean, p_full boolean, p_rescue boolean,
  out channels json, out next_due_ms double precision, out rescan bigint, out cand bigint, out holders text[], out lanes json,
  out earlier text[], out producers text[], out dead boolean, out expires_ms double precision, out rescued integer
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz;
  v_ms bigint;
begin
  if p_arm then
    earlier := pgrelay.arm_v1();
  end if;
  if p_watch then
    producers := pgrelay.holders_v1();
  end if;
  if exists (select from pgrelay.awaited) then
    v_ms := extract(epoch from pgrelay.clock_now()) * 1000;
    if (select s.last_value not between v_ms - 1000 and v_ms from pgrelay.waiters_beat s) then      -- the clock may have been set back
      perform setval('pgrelay.waiters_beat', v_ms);
      perform pgrelay.release_waiters();
    end if;
  end if;
  if exists (select from pgrelay.channel c where c.expire_after is not null) then
    perform pgrelay.expire_soon(p_channels, p_priorities, p_lows);
  end if;
  next_due_ms := pgrelay.promote_v1(1000);
  select case when s.is_called then s.last_value else 0 end into rescan from pgrelay.rescan s;
  select case when s.is_called then s.last_value else 0 end into cand from pgrelay.queue_place_seq s;
  channels := '[]';
  if rescan is distinct from p_rescan or cand is distinct from p_cand then
    select h.rescan, h.cand, h.holders into rescan, cand, holders from pgrelay.horizon_v1() h;
  end if;
  if p_full then
    perform pgrelay.find_lanes_v1();
    select json_build_object('channels', m.channels, 'priorities', m.priorities, 'lows', m.lows::text[], 'idle', m.idle) into lanes
      from pgrelay.marks_v1(p_cand) m where p_cand is not null;
  end if;
  if p_full or holders is not null or not p_idle then
    select coalesce(json_agg(json_build_object('id', r.channel_id, 'name', r.channel, 'kind', r.kind, 'parallel', r.parallel, 'timeoutMs', r.timeout_ms, 'breaker', r.breaker, 'limited', r.limited)), '[]')
      into channels
      from pgrelay.ready_channels(p_handler_channels, case when p_full then '{}' else p_channels end, case when p_full then '{}' else p_priorities end,
        case when p_full then '{}' else p_lows end) r;
  end if;
  if exists (select from pgrelay.channel_limit l where l.rate is not null) then
    next_due_ms := least(next_due_ms, pgrelay.next_start_ms());
  end if;
  if p_rescue then
    rescued := pgrelay.rescue_v1();
  end if;
  v_now := pgrelay.clock_now();
  select coalesce(bool_or(i.buried or i.heartbeat_at < v_now - i.lease), false),
      min(extract(epoch from i.heartbeat_at + i.lease - v_now)) filter (where i.alive) * 1000
    into dead, expires_ms from pgrelay.instance i where i.alive or i.buried;
end $$;
