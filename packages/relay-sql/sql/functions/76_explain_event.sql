-- Why an event is not running, or what happened to it, one row a reason. Each has a stable name, its evidence (ids, names, counts and
-- times, never a payload or a server's words) and a remedy to be pasted into psql: a statement where one helps, and what is to be said
-- as a comment. What the remedies need is said in the reference of roles; the caller may lack it.
--   in the way     standby, unknown_node, channel_paused, channel_disabled, not_due, awaits, breaker_open, blocked, limited, held,
--                  no_processor, no_handler, action_missing; queued when there is nothing of these
--   it runs        claimed, running; processor_lost when whoever had it is gone
--   what has been  retried, snoozed, lost: the last attempt of an event that waits; done, cancelled, failed, quarantined, channel_dropped
--   not there      producer_open, no_event
-- Each reason is a function reason_…(), a file of its own, and a line here. All of them see one snapshot. Reads only: works on a
-- standby and in a read-only transaction. PR004 for NULL.
create or replace function pgrelay.explain_event(p_event_id bigint) returns table (reason text, evidence text, remedy text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_event pgrelay.explained_event;
begin
  if p_event_id is null then
    raise exception using errcode = 'PR004', message = 'the id of the event is NULL', hint = 'Give the id that notify() returned.';
  end if;
  select e.* into v_event from pgrelay.explained_event e where e.id = p_event_id;
  if not found then
    v_event.id := p_event_id;
    v_event.stage := case when exists (select from pgrelay.log l where l.event_id = p_event_id) then 'ended' else 'unknown' end;
  end if;
  return query
    select * from pgrelay.reason_standby(v_event)
    union all select * from pgrelay.reason_unknown_node(v_event)
    union all select * from pgrelay.reason_channel_state(v_event)
    union all select * from pgrelay.reason_not_due(v_event)
    union all select * from pgrelay.reason_debounced(v_event)
    union all select * from pgrelay.reason_awaits(v_event)
    union all select * from pgrelay.reason_breaker(v_event)
    union all select * from pgrelay.reason_limited(v_event)
    union all select * from pgrelay.reason_limits(v_event)
    union all select * from pgrelay.reason_held(v_event)
    union all select * from pgrelay.reason_no_processor(v_event)
    union all select * from pgrelay.reason_action_missing(v_event)
    union all select * from pgrelay.reason_claimed(v_event)
    union all select * from pgrelay.reason_ended(v_event)
    union all select * from pgrelay.reason_producer_open(v_event)
    union all select * from pgrelay.reason_no_event(v_event);
  if not found then
    return query select * from pgrelay.reason_queued(v_event);
  end if;
  return query select * from pgrelay.reason_past(v_event);
end $$;
