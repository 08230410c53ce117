-- What both forms of register_mv() do once they know the watches: record the view, link each watch, put the triggers on, chain it.
-- All in the caller's transaction and, for the triggers, with the caller's rights. A registration left over from a view
-- of the same name that was dropped is ended first.
create or replace function pgauto_mv.install_mv(
  p_view oid, p_derived boolean, p_relations oid[], p_operations text[], p_settings pgauto_mv.mv_settings, p_chain oid[]
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv_id bigint;
begin
  perform pgauto_mv.uninstall_mv(s) from pgauto_mv.find_stale(p_view) s;
  v_mv_id := pgauto_mv.record_mv(p_view, p_derived, p_settings);
  perform pgauto_mv.check_refreshers(p_view);
  perform pgauto_mv.link_watches(v_mv_id, p_relations, p_operations);
  perform pgauto_mv.change_chain(v_mv_id, p_chain);
  perform pgauto_mv.start_sync_v1();
  return v_mv_id;
end $$;
