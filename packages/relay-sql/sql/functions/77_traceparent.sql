-- The W3C traceparent under which an event was sent, or its parent; NULL: none. For what an action or handler does elsewhere.
create or replace function pgrelay.traceparent(p_event_id bigint default (pgrelay.current_event()).id) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select c.traceparent from pgrelay.cause c where c.event_id = p_event_id $$;
