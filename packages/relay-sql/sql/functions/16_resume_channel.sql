-- Makes a paused or disabled channel active again.
create or replace function pgrelay.resume_channel(p_name text) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ select pgrelay.set_channel_state(p_name, 'active') $$;
