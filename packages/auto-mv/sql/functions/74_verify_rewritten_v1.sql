-- Last statement of a comparison's transaction: whether the view, or what it reads, was rewritten after the snapshot, by a plain
-- REFRESH, TRUNCATE or ALTER TABLE. These are not MVCC-safe, so what was read is not of that snapshot, and says nothing. What has been
-- read is locked and stays as it is: so this comes after.
create or replace function pgauto_mv.verify_rewritten_v1(p_mv_id bigint) returns boolean
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pgauto_mv.mv m
    cross join lateral (
      select m.view as relation
      union
      select x.relation from pgauto_mv.read_by(m.view) b cross join lateral pgauto_mv.with_children(b.relation) x) r
    join pg_class c on c.oid = r.relation
    where m.id = p_mv_id and c.relkind in ('r', 'm') and c.relfilenode <> 0 and c.relfilenode is distinct from pg_relation_filenode(c.oid))
$$;
