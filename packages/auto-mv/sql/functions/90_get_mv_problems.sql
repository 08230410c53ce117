-- What stands in the way of fresh views: one row per finding, with the evidence and what to do about it. A remedy is SQL to
-- run as it is; what follows -- explains it, or says what SQL cannot do.
-- Runs with the caller's rights, because of one finding: how many NULLs a unique key holds is in the statistics, which
-- only those see who may read the view.
create or replace function pgauto_mv.get_mv_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select * from pgauto_mv.registry_problems()
  union all
  select * from pgauto_mv.timing_problems()
  union all
  select * from pgauto_mv.verification_problems()
  union all
  select * from pgauto_mv.group_problems()
  union all
  select 'nullable_unique_key', format('%I.%I', v.schema_name, v.view_name),
      format('%s %% of the rows have NULL in %I: a refresh writes these anew every time', round(st.null_frac * 100), st.attname),
      coalesce(pgauto_mv.recreate_without_nulls(v.view, st.attname) || ' -- and its grants; or put coalesce() around the column in your way',
        '-- put coalesce() around the column in the query, or index other columns')
    from pgauto_mv.freshness v
    join pg_index x on x.indrelid = v.view and x.indisunique and x.indisvalid and x.indpred is null and x.indexprs is null
    join pg_attribute a on a.attrelid = v.view and a.attnum = any (x.indkey)
    join pg_stats st on st.schemaname = v.schema_name and st.tablename = v.view_name and st.attname = a.attname and st.null_frac > 0
$$;
