-- Notes which event a half-open breaker has let through. Nothing to do while it is closed.
create or replace function pgrelay.note_probe(p_channel_id integer, p_event_id bigint) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$ update pgrelay.breaker b set probe = p_event_id where b.channel_id = p_channel_id and b.open_until is not null $$;
