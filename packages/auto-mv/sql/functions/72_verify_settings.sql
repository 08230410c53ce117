-- The settings of a comparison: those noted with the refresh, and what makes it polite.
create or replace function pgauto_mv.verify_settings(p_noted jsonb, p_timeout interval, p_work_mem text) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p_noted || jsonb_build_object('statement_timeout', round(extract(epoch from p_timeout) * 1000)::text, 'lock_timeout', '100', 'work_mem', p_work_mem,
      'max_parallel_workers_per_gather', '0', 'jit', 'off', 'row_security', 'off')
    || case when current_setting('server_version_num')::integer >= 170000 then '{"search_path": "pg_catalog, pg_temp"}'::jsonb else '{}' end
$$;
