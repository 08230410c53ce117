-- Whether a table that a view reads was rewritten (by ALTER TABLE, or emptied by TRUNCATE) after the snapshot of the calling
-- transaction: to that snapshot such a table is empty, so what was read of it is not what the snapshot stands for, and no
-- change row tells. pg_class is read under the snapshot, pg_relation_filenode() looks at the catalog as it is now; a caller
-- that has read the tables holds locks that keep both as they are. VACUUM FULL and CLUSTER count too, which is harmless.
create or replace function pgauto_mv.source_rewritten(p_view oid) returns boolean
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pgauto_mv.read_by(p_view) b
    cross join lateral pgauto_mv.with_children(b.relation) x
    join pg_class c on c.oid = x.relation and c.relkind = 'r'
    where c.relfilenode <> 0 and c.relfilenode is distinct from pg_relation_filenode(c.oid))
$$;
