-- A snapshot that sees what p_snap sees, and p_xid too: what a transaction reads that has written before. Everything
-- between the two that p_snap does not see stays unseen.
create or replace function pgauto_mv.snapshot_with(p_snap pg_snapshot, p_xid xid8) returns pg_snapshot
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with open (xid) as (
    select x.xid::text::bigint from pg_snapshot_xip(p_snap) x(xid) where x.xid <> p_xid
    union
    select g.xid from generate_series(pg_snapshot_xmax(p_snap)::text::bigint, p_xid::text::bigint - 1) g(xid)
  ), upper (xid) as (
    select greatest(pg_snapshot_xmax(p_snap)::text::bigint, p_xid::text::bigint + 1)
  )
  select format('%s:%s:%s', coalesce((select min(o.xid) from open o), u.xid), u.xid, (select string_agg(o.xid::text, ',' order by o.xid) from open o))::pg_snapshot
  from upper u
$$;
