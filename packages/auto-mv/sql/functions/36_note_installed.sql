-- The trigger of a watch is there now, in the caller's transaction.
create or replace function pgauto_mv.note_installed(p_watch_id bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$ delete from pgauto_mv.pending_trigger p where p.watch_id = p_watch_id $$;
