-- Lets a channel take events and run none of them, until resume_channel. Survives restarts.
create or replace function pgrelay.pause_channel(p_name text) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select pgrelay.set_channel_state(p_name, 'paused') $$;
