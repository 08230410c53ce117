-- Moves every view of a watch over to the relation that has its name now: the watched one was dropped and made again. The
-- views are dirty, and the triggers are left to the Processors. A view whose watches are derived is only untied: what its
-- query reads is linked anew. The caller holds the registry's lock.
create or replace function pgauto_mv.follow_source(p_watch_id bigint, p_relation oid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_operation text := (select split_part(w.operation, ' ', 1) from pgauto_mv.watch w where w.id = p_watch_id);
  v_link record;
  v_watch record;
  v_id bigint;
begin
  for v_link in
    delete from pgauto_mv.view_watch d using pgauto_mv.mv m where d.watch_id = p_watch_id and m.id = d.mv_id
    returning d.mv_id, d.watched and not m.derived as chosen, d.chained
  loop
    if v_link.chained then
      v_id := pgauto_mv.make_watch(p_relation, 'REFRESH');
      insert into pgauto_mv.view_watch (mv_id, watch_id, watched, chained) values (v_link.mv_id, v_id, false, true)
        on conflict (mv_id, watch_id) do update set chained = true;
      update pgauto_mv.state s set snap = null, snaps = null where s.mv_id = v_link.mv_id;
    end if;
    continue when not v_link.chosen;
    for v_watch in
      select x.relation, x.operation from pgauto_mv.relation_watches(p_relation, array[v_operation], null) x where v_operation <> 'REFRESH'
      union all
      select p_relation, v_operation where v_operation = 'REFRESH'
    loop
      v_id := pgauto_mv.link_watch(v_link.mv_id, v_watch.relation, v_watch.operation);
      if v_watch.operation <> 'REFRESH' and not exists (select from pgauto_mv.find_trigger(v_id, v_watch.relation)) then
        perform pgauto_mv.note_pending(v_id);
      end if;
    end loop;
  end loop;
  perform pgauto_mv.forget_watch(p_watch_id);
end $$;
