-- Leaves the trigger of a watch to the Processors: every view of the watch is installing until it is there. The caller
-- holds the registry's lock (link_watch).
create or replace function pgauto_mv.note_pending(p_watch_id bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ insert into pgauto_mv.pending_trigger (watch_id) values (p_watch_id) on conflict (watch_id) do nothing $$;
