-- Unties a view from every watch but these, and returns the watches that nobody needs any more; see forget_mv. What it is
-- chained to it stays tied to.
create or replace function pgauto_mv.unlink_watches(p_mv_id bigint, p_relations oid[], p_operations text[])
returns table (watch_id bigint, relation oid, operation text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_others bigint[];
begin
  perform pgauto_mv.lock_registry();
  v_others := array(
    select d.watch_id from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id where d.mv_id = p_mv_id and not exists (
      select from unnest(p_relations, p_operations) k(relation, operation) where k.relation = w.relation and k.operation = w.operation));
  update pgauto_mv.view_watch d set watched = false where d.mv_id = p_mv_id and d.watch_id = any (v_others) and d.chained;
  delete from pgauto_mv.view_watch d where d.mv_id = p_mv_id and d.watch_id = any (v_others) and not d.chained;
  return query select w.id, w.relation, w.operation from pgauto_mv.watch w
    where not exists (select from pgauto_mv.view_watch d where d.watch_id = w.id);
end $$;
