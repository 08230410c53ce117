-- Makes a view dirty in the caller's transaction, because what it depends on changes in it: snap goes to NULL, under the
-- lock that a refresh holds (also where it is NULL already, as far as is committed: that may be the first refresh), so that
-- none which read before the change can say afterwards that the contents are complete.
-- Before any trigger, so that a wait for a refresh keeps no table locked. Error: PM009 while a refresh of the view runs.
-- Locks: the registry, then the state row.
create or replace function pgauto_mv.begin_rewatch(p_mv_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
begin
  perform pgauto_mv.lock_registry();
  update pgauto_mv.state s set snap = null, snaps = null where s.mv_id = p_mv_id;
exception when lock_not_available then
  raise exception using errcode = 'PM009', message = 'a refresh of the view is running, and has been for 5 s',
    hint = 'Nothing has been changed: try again when it has ended.';
end $$;
