-- How many rows this session has inserted into a view and deleted from it, by the counts that it has not reported yet. What
-- one transaction did is the difference: a session reports at most once a second, and only between transactions. NULL
-- where nothing is counted.
create or replace function pgauto_mv.written_rows(p_view oid) returns bigint[]
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when current_setting('track_counts')::boolean
    then array[pg_stat_get_xact_tuples_inserted(p_view), pg_stat_get_xact_tuples_deleted(p_view)] end
$$;
