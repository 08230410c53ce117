-- How many writers wait at this moment for the refresh to end: blocked, directly or behind one another, by its backend.
create or replace function demo.blocked_writers() returns integer
language sql volatile
as $$
  with recursive blocked (pid) as (
    select a.pid from pg_stat_activity a
    where a.datname = current_database() and a.application_name like 'demo writer%' and a.wait_event_type = 'Lock'
  ), chain (pid, by_pid) as (
    select b.pid, p from blocked b cross join lateral unnest(pg_blocking_pids(b.pid)) p
    union
    select c.pid, p from chain c cross join lateral unnest(pg_blocking_pids(c.by_pid)) p
  )
  select count(distinct c.pid)::integer from chain c
  join pg_stat_activity a on a.pid = c.by_pid
  where a.query ~* '^\s*(refresh materialized|call public\.refresh)'
$$;
