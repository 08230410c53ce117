-- Which of these backends, which compare views with their queries, somebody has waited for as long as p_patience: they are to be
-- cancelled. Only who waits for a relation that one of them has locked is looked into.
create or replace function pgauto_mv.blocked_by_verify_v1(p_pids integer[], p_patience interval) returns table (pid integer)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select distinct b.pid from pg_locks w
  cross join lateral unnest(pg_blocking_pids(w.pid)) b(pid)
  where not w.granted and w.locktype = 'relation' and w.waitstart < clock_timestamp() - p_patience and b.pid = any (p_pids)
    and exists (select from pg_locks h where h.pid = any (p_pids) and h.locktype = 'relation' and h.database = w.database and h.relation = w.relation)
$$;
