-- Chains a view behind others: it is refreshed after each refresh of one of them, and of none but these. Each has to be
-- registered. The view is dirty then, in the caller's transaction. Nothing when it is chained so already.
-- Errors: PM004 one is not registered, PM080 a circle; begin_rewatch. Locks: the registry, then the state row.
create or replace function pgauto_mv.change_chain(p_mv_id bigint, p_views oid[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_wanted oid[] := array(select distinct v from unnest(p_views) v order by v);
  v_orphan bigint;
begin
  perform pgauto_mv.lock_registry();
  perform pgauto_mv.find_mv(coalesce(v, 0)) from unnest(v_wanted) v;
  if v_wanted = array(
    select w.relation from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id
    where d.mv_id = p_mv_id and d.chained order by w.relation)
  then
    return;
  end if;
  perform pgauto_mv.begin_rewatch(p_mv_id);
  update pgauto_mv.view_watch d set chained = false from pgauto_mv.watch w
    where w.id = d.watch_id and d.mv_id = p_mv_id and d.chained and d.watched and w.relation <> all (v_wanted);
  delete from pgauto_mv.view_watch d using pgauto_mv.watch w
    where w.id = d.watch_id and d.mv_id = p_mv_id and d.chained and not d.watched and w.relation <> all (v_wanted);
  insert into pgauto_mv.view_watch (mv_id, watch_id, watched, chained)
    select p_mv_id, pgauto_mv.make_watch(v, 'REFRESH'), false, true from unnest(v_wanted) v
    on conflict (mv_id, watch_id) do update set chained = true;
  perform pgauto_mv.check_cycle(p_mv_id);
  for v_orphan in
    select w.id from pgauto_mv.watch w where w.operation = 'REFRESH' and not exists (select from pgauto_mv.view_watch d where d.watch_id = w.id)
  loop
    perform pgauto_mv.forget_watch(v_orphan);
  end loop;
end $$;
