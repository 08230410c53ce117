-- Puts an event that waits off until p_delay from now, or, with a shorter delay than it has, moves it forward: 0 lets it run now.
-- No attempt, retry or loss is counted and no audit row is written, since none has ended. What it returns says what became of it:
--   snoozed   it is due p_delay from now
--   running   it runs, or somebody is claiming or holding it at this very moment: it goes on as it was
-- PR028 when no such event waits or runs, PR004 for a delay below 0 or above ten years. Waits for nobody. Under its dedup key it
-- still counts as waiting, and notify() may move it forward again. One that is debounced runs by itself then. It becomes ready under a new place, so no low-water mark
-- can be above it.
create or replace function pgrelay.snooze(p_event_id bigint, p_delay interval) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_due timestamptz := pgrelay.clock_now() + p_delay;
  v_moved boolean;
begin
  if (p_delay between interval '0' and interval '10 years') is not true then
    raise exception using errcode = 'PR004', message = format('event %s cannot be put off by %s', p_event_id, coalesce(p_delay::text, 'NULL')),
      hint = 'Give an interval from 0 (now) to ten years.';
  end if;
  with later as (
    update pgrelay.delayed d set run_at = v_due, first_at = null, last_at = null
      where d.ctid = any (array(select x.ctid from pgrelay.delayed x where x.id = p_event_id for no key update skip locked))
      returning d.id
  ), ready as (
    delete from pgrelay.queue q
      where q.ctid = any (array(select x.ctid from pgrelay.queue x where x.id = p_event_id and coalesce(x.slot, 0::smallint) = 0 for update skip locked))
      returning q.*
  ), put_off as (
    insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at, attempt, retried, lost, dedup_key, key, payload)
      select r.id, r.channel_id, r.priority, r.node, r.enqueued_at, v_due, r.attempt, r.retried, r.lost, r.dedup_key, r.key, r.payload from ready r
      returning id
  )
  select exists (select from later union all select from put_off) into v_moved;
  if v_moved then
    perform pgrelay.hint('');                      -- an idle Processor sleeps until the next event is due
    return 'snoozed';
  elsif exists (select from pgrelay.queue q where q.id = p_event_id) or exists (select from pgrelay.delayed d where d.id = p_event_id) then
    return 'running';
  end if;
  raise exception using errcode = 'PR028', message = format('event %s neither waits nor runs', p_event_id),
    hint = 'It has ended: pgrelay.explain_event() says how.';
end $$;
