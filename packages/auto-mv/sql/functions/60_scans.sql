-- How often a view was scanned, by itself or by an index, as far as sessions have reported it.
create or replace function pgauto_mv.scans(p_view oid) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce(pg_stat_get_numscans(p_view), 0)
    + coalesce((select sum(pg_stat_get_numscans(x.indexrelid)) from pg_index x where x.indrelid = p_view), 0)::bigint
$$;
