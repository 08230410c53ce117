-- The event whose action runs in this transaction, without its payload; NULL outside an action. Set by the relay for
-- each event, cooperative: the setting is no secret and no proof.
create or replace function pgrelay.current_event() returns pgrelay.event_context
language sql stable set search_path = pg_catalog, pg_temp
as $$ select nullif(current_setting('pgrelay.event', true), '')::pgrelay.event_context $$;
