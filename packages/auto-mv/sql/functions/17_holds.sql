-- Whether the contents of a view hold what a transaction did: it is in every snapshot that they came from, and these
-- were taken here. After a restore into another cluster, or of its transaction counter, nothing recorded before counts.
create or replace function pgauto_mv.holds(p_mv_id bigint, p_token xid8) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select pgauto_mv.in_all(p_token, s.snaps) and m.node_id = pgauto_mv.node_here()
      and pg_snapshot_xmax(s.snap) <= pg_snapshot_xmax(pg_current_snapshot())
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.id = p_mv_id), false)
$$;
