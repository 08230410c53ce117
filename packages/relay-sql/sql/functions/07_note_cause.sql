-- Notes where events come from that were just put into this transaction, when the setting pgrelay.event says that somebody wants to
-- know: '<id of the event that runs>,<W3C traceparent>', either part may be missing. The relay sets it for actions and handlers, trace() for
-- producers. An event inherits the trace of its parent. p_run_at: the times that were given for them; NULL: none.
-- Raises PR030 when a chain of events, each sent by the one before to run at once, is longer than pgrelay.max_depth (1000): it feeds
-- itself. An event with a time of its own, later than that of its parent, begins a new chain, even when that has passed: a
-- recurrence that is late, and catches up, is none.
create or replace function pgrelay.note_cause(p_ids bigint[], p_run_at timestamptz[] default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_set text := coalesce(current_setting('pgrelay.event', true), '');
  v_parent bigint := substring(v_set from '^[0-9]{1,18}');
  v_trace text := nullif(substring(v_set from ',(.*)$'), '');
  v_above pgrelay.cause;
  v_most integer := coalesce(substring(current_setting('pgrelay.max_depth', true) from '^[0-9]{1,9}$')::integer, 1000);
begin
  if v_set = '' then
    return;
  end if;
  select c.* into v_above from pgrelay.cause c where c.event_id = v_parent;
  insert into pgrelay.cause (event_id, parent_id, depth, due, xid, application_name, traceparent, at)
    select e.id, v_parent,
      case when v_parent is null or e.run_at > coalesce(v_above.due, '-infinity') then 0 else coalesce(v_above.depth, 0) + 1 end,
      coalesce(e.run_at, pgrelay.clock_now()), pg_current_xact_id(), current_setting('application_name'), coalesce(v_trace, v_above.traceparent), pgrelay.clock_now()
    from unnest(p_ids, p_run_at) e(id, run_at)
    on conflict do nothing;        -- an event that waited under its dedup key: the first cause stands
  if v_above.depth >= v_most and exists (select from pgrelay.cause c where c.event_id = any (p_ids) and c.depth > v_most) then
    raise exception using errcode = 'PR030', message = format('event %s is number %s of a chain of events that were sent at once, each by the one before', v_parent, v_above.depth),
      hint = 'It feeds itself. Send the next one for later (p_run_at, runAt), which begins a new chain, or raise pgrelay.max_depth for the role.';
  end if;
end $$;
