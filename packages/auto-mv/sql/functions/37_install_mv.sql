-- What both forms of register_mv() do once they know the watches: record the view, link each watch, put the triggers on.
-- All in the caller's transaction and, for the triggers, with the caller's rights. A registration left over from a view
-- of the same name that was dropped is ended first.
create or replace function pgauto_mv.install_mv(
  p_view oid, p_derived boolean, p_relations oid[], p_operations text[], p_refresh_lag numeric, p_max_wait numeric, p_cooldown numeric,
  p_statement_timeout interval, p_lock_timeout interval
) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv_id bigint;
  v_watch record;
begin
  perform pgauto_mv.uninstall_mv(s) from pgauto_mv.find_stale(p_view) s;
  v_mv_id := pgauto_mv.record_mv(p_view, p_derived, p_refresh_lag, p_max_wait, p_cooldown, p_statement_timeout, p_lock_timeout);
  for v_watch in
    select distinct w.relation, w.operation from unnest(p_relations, p_operations) w(relation, operation) order by 1, 2
  loop
    if v_watch.operation = 'REFRESH' then
      perform pgauto_mv.link_watch(v_mv_id, v_watch.relation, v_watch.operation);
    else
      perform pgauto_mv.create_trigger(pgauto_mv.link_watch(v_mv_id, v_watch.relation, v_watch.operation), v_watch.relation, v_watch.operation);
    end if;
  end loop;
  return v_mv_id;
end $$;
