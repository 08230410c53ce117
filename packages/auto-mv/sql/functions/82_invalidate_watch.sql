-- Makes every view of a watch dirty, because changes may have gone unnoticed: snap goes back to NULL. Returns false, and
-- changes nothing, while one of them is being refreshed: that refresh might have read the table before the gap ended.
-- Never waits.
create or replace function pgauto_mv.invalidate_watch(p_watch_id bigint, p_reason text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[] := array(select d.mv_id from pgauto_mv.view_watch d where d.watch_id = p_watch_id);
  v_free bigint[] := array(select s.mv_id from pgauto_mv.state s where s.mv_id = any (v_ids) for update skip locked);
begin
  if cardinality(v_free) < cardinality(v_ids) then
    return false;
  end if;
  update pgauto_mv.state s set snap = null, snaps = null where s.mv_id = any (v_ids);
  insert into pgauto_mv.log (kind, mv_id, view_name, watch_id, relation, operation, reason)
    select 'repair', m.id, format('%I.%I', m.schema_name, m.view_name), w.id, format('%I.%I', w.schema_name, w.relation_name), split_part(w.operation, ' ', 1), p_reason
    from pgauto_mv.watch w cross join pgauto_mv.mv m where w.id = p_watch_id and m.id = any (v_ids);
  return true;
end $$;
