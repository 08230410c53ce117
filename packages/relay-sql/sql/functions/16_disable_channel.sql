-- Refuses new events of a channel: notify() raises PR002 in the transaction of its caller. What waits goes on waiting.
create or replace function pgrelay.disable_channel(p_name text) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select pgrelay.set_channel_state(p_name, 'disabled') $$;
