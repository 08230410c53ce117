-- Whether the backend that claimed a refresh has ended: then its claim is free at once. The start time decides where it
-- may be seen (a process id can be used again), and a claim older than the server's start is never alive.
create or replace function pgauto_mv.backend_gone(p_pid integer, p_backend_start timestamptz, p_claimed_at timestamptz) returns boolean
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select p_claimed_at < pg_postmaster_start_time()
    or not exists (select from pg_stat_get_activity(p_pid) a where a.backend_start is null or a.backend_start = p_backend_start)
$$;
