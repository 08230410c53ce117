-- Gives a view other watches without a gap: it is dirty first, then come the new triggers, then the old ones go, all in the
-- caller's transaction and with the caller's rights. Nothing when they are those it has. A table that is busy is left to
-- the Processors as in register_mv(). Errors and locks: begin_rewatch, link_watches, drop_trigger.
create or replace function pgauto_mv.change_watches(p_mv_id bigint, p_derived boolean, p_relations oid[], p_operations text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch record;
begin
  perform pgauto_mv.set_derived(p_mv_id, p_derived);
  if not pgauto_mv.watches_differ(p_mv_id, p_relations, p_operations) then
    return;
  end if;
  perform pgauto_mv.begin_rewatch(p_mv_id);
  perform pgauto_mv.link_watches(p_mv_id, p_relations, p_operations);
  for v_watch in select u.watch_id, u.relation from pgauto_mv.unlink_watches(p_mv_id, p_relations, p_operations) u order by u.relation, u.watch_id loop
    perform pgauto_mv.drop_trigger(v_watch.watch_id, v_watch.relation);
    perform pgauto_mv.forget_watch(v_watch.watch_id);
  end loop;
end $$;
