-- Removes a watch that no view needs, with its change rows. Its trigger is off and the table locked by that, so no
-- transaction is left that could still commit a change row of it.
create or replace function pgauto_mv.forget_watch(p_watch_id bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  delete from pgauto_mv.change c where c.watch_id = p_watch_id
    and not exists (select from pgauto_mv.view_watch d where d.watch_id = p_watch_id);
  delete from pgauto_mv.watch w where w.id = p_watch_id
    and not exists (select from pgauto_mv.view_watch d where d.watch_id = p_watch_id);
$$;
