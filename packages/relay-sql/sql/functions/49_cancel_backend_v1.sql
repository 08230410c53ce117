-- Cancels the statement of a backend, if it is still the same one and at work. Runs as the caller, which may do it to its own login's
-- backends.
create or replace function pgrelay.cancel_backend_v1(p_pid integer, p_backend_start timestamptz) returns boolean
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select pg_catalog.pg_cancel_backend(a.pid) from pg_catalog.pg_stat_activity a
    where a.pid = p_pid and a.backend_start = p_backend_start and a.state = 'active'), false)
$$;
