-- How often this session has scanned a view and not reported it yet.
create or replace function pgauto_mv.scans_here(p_view oid) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce(pg_stat_get_xact_numscans(p_view), 0)
    + coalesce((select sum(pg_stat_get_xact_numscans(x.indexrelid)) from pg_index x where x.indrelid = p_view), 0)::bigint
$$;
