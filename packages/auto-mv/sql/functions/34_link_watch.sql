-- Ties a view to the watch of one operation of one relation, which is made when no other view has it yet. Returns the
-- watch. The caller holds the registry's lock (record_mv). Error: PM080.
create or replace function pgauto_mv.link_watch(p_mv_id bigint, p_relation oid, p_operation text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint := pgauto_mv.make_watch(p_relation, p_operation);
begin
  insert into pgauto_mv.view_watch as d (mv_id, watch_id) values (p_mv_id, v_id)
    on conflict (mv_id, watch_id) do update set watched = true where not d.watched;
  if p_operation = 'REFRESH' then
    perform pgauto_mv.check_cycle(p_mv_id);
  end if;
  update pgauto_mv.state s set snap = null, snaps = null where s.mv_id = p_mv_id and s.snap is not null;
  return v_id;
end $$;
