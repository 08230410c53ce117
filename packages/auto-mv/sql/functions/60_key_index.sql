-- The unique index by which a view can be refreshed CONCURRENTLY (see refresh_mode); NULL when it has none.
create or replace function pgauto_mv.key_index(p_view oid) returns oid
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select x.indexrelid from pg_index x
  where x.indrelid = p_view and x.indisunique and x.indisvalid and x.indimmediate and x.indpred is null and x.indexprs is null
  order by x.indnatts, x.indexrelid limit 1
$$;
