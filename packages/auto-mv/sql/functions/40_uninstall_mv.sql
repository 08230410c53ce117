-- What both forms of unregister_mv() do: forget the view, take off the triggers that no other view needs, with the
-- caller's rights, and remove their watches.
create or replace function pgauto_mv.uninstall_mv(p_mv_id bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch record;
begin
  for v_watch in select f.watch_id, f.relation from pgauto_mv.forget_mv(p_mv_id) f order by f.relation, f.watch_id loop
    perform pgauto_mv.drop_trigger(v_watch.watch_id, v_watch.relation);
    perform pgauto_mv.forget_watch(v_watch.watch_id);
  end loop;
end $$;
