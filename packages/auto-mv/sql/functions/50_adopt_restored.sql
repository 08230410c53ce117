-- Makes a registry that was restored here its own; nothing in any other case. It was restored when it was written on
-- another node, or holds a snapshot from a future of the transaction counter. Then no snapshot in it can be compared with
-- a transaction of this cluster, so every view becomes dirty, and change rows from that future go; and the oids are
-- those of another cluster, so the relations are looked up by name.
-- Returns false, and changes nothing, while somebody registers, alters or refreshes a view. Never waits.
create or replace function pgauto_mv.adopt_restored() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_node smallint := pgrelay.this_node();
  v_free bigint[];
begin
  if not exists (
    select from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id
    where m.node_id <> v_node or pg_snapshot_xmax(s.snap) > (select pg_snapshot_xmax(pg_current_snapshot())))
  then
    return true;
  end if;
  begin
    lock table pgauto_mv.watch in share row exclusive mode nowait;
  exception when lock_not_available then
    return false;
  end;
  v_free := array(select m.id from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id for update of m, s skip locked);
  if cardinality(v_free) < (select count(*) from pgauto_mv.mv) then
    return false;
  end if;

  if exists (select from pgauto_mv.mv m where m.node_id <> v_node) then
    perform pgauto_mv.find_relations_by_name();
    update pgauto_mv.mv m set node_id = v_node;
  end if;
  update pgauto_mv.state s set snap = null, snaps = null, basis = null, claimed_until = null, as_of = null;
  update pgauto_mv.observation o set seen_snap = null where o.mv_id in (
    select l.mv_id from pgauto_mv.observation l for update skip locked);
  delete from pgauto_mv.change c where c.xid >= pg_snapshot_xmax(pg_current_snapshot());
  insert into pgauto_mv.log (kind, mv_id, view_name, reason)
    select 'repair', m.id, format('%I.%I', m.schema_name, m.view_name), 'restored from another cluster or an earlier state'
    from pgauto_mv.mv m;
  return true;
end $$;
