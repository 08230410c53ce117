-- The trigger of a watch is there now, in the caller's transaction; nothing when it is not.
create or replace function pgauto_mv.note_installed(p_watch_id bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  delete from pgauto_mv.pending_trigger p using pgauto_mv.watch w
    where p.watch_id = p_watch_id and w.id = p.watch_id and exists (select from pgauto_mv.find_trigger(w.id, w.relation))
$$;
