-- The event whose action runs in this transaction, without its payload; NULL outside an action. The relay sets the id before
-- each event; the rest is read here, only when an action asks, from the row that this transaction has locked: a setting made
-- by hand shows nothing of the events of others. A transaction that ran the batch in a savepoint of its own finds nothing.
create or replace function pgrelay.current_event() returns pgrelay.event_context
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_id text := substring(current_setting('pgrelay.event', true) from '^[0-9]{1,18}');     -- a trace may come after it
  v_event pgrelay.event_context;
begin
  if v_id is null then
    return null;
  end if;
  select q.id, c.name, q.attempt + 1, q.priority, q.enqueued_at, q.dedup_key, q.key into v_event
    from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id
    where q.id = v_id::bigint and q.slot is null and q.xmax = pg_current_xact_id_if_assigned()::xid;
  return case when found then v_event end;
end $$;
