-- Rows in which a view and its query, the one that the catalog has, differ: both ways.
create function soak.difference(p_view regclass) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows integer;
begin
  execute format('with q as materialized (%s), v as materialized (table %s)
    select count(*)::integer from ((table q except all table v) union all (table v except all table q)) x',
    trim(trailing ';' from pg_get_viewdef(p_view)), p_view) into v_rows;
  return v_rows;
end $$;

-- Locks a view and the materialized views that it reads in ACCESS SHARE MODE to the end of the transaction, and returns the
-- statement that does so with the tables. A plain REFRESH, TRUNCATE, and an ALTER TABLE that rewrites are not MVCC-safe: a
-- snapshot that is older would see newer contents, or an empty table. So who compares takes the snapshot after both. LOCK
-- TABLE takes none, but it takes no materialized view either: those are held by another session.
create function soak.hold(p_mv_id bigint) returns text
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_view regclass;
begin
  for v_view in
    select m.view from pgauto_mv.mv m where m.id = p_mv_id
    union
    select b.relation from pgauto_mv.mv m cross join lateral pgauto_mv.read_by(m.view, true) b where m.id = p_mv_id and b.kind = 'm'
  loop
    execute format('select from %s limit 0', v_view);
  end loop;
  return (
    select format('lock table %s in access share mode', string_agg(distinct format('only %s', c.relation::regclass), ', '))
    from pgauto_mv.mv m
    cross join lateral pgauto_mv.read_by(m.view, true) b
    cross join lateral pgauto_mv.with_children(b.relation) c
    where m.id = p_mv_id and c.kind in ('r', 'p'));
end $$;

-- In one snapshot, which the caller's REPEATABLE READ transaction has: whether any change of what a view watches is visible and not in
-- its contents and, if none is, in how many rows the view differs from its query. Says nothing by auto-mv's own functions.
create function soak.check_view(p_mv_id bigint) returns table (view_name text, epoch bigint, clean boolean, differing integer)
language plpgsql volatile
as $$
declare
  v_view regclass;
begin
  select m.view, m.view_name, s.done_epoch, s.snap is not null and not exists (
      select from pgauto_mv.view_watch d join pgauto_mv.change c on c.watch_id = d.watch_id
      where d.mv_id = m.id and not pg_visible_in_snapshot(c.xid, s.snap))
    into v_view, view_name, epoch, clean
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.id = p_mv_id;
  if clean then
    differing := soak.difference(v_view);
  end if;
  return next;
end $$;
