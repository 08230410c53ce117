-- Which of these backends may still be at work on a statement: not gone, and not waiting for one. A Processor that has
-- waited long for an answer asks this on another connection; from a backend that is not at work none will ever come. Runs
-- as the caller, who may look at its own login's backends; one whose state is not to be had counts as working.
create or replace function pgrelay.working_backends_v1(p_pids integer[], p_starts text[]) returns integer[]
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select coalesce(pg_catalog.array_agg(a.pid), '{}')
  from rows from (pg_catalog.unnest(p_pids), pg_catalog.unnest(p_starts)) w(pid, backend_start)
  join pg_catalog.pg_stat_activity a on a.pid = w.pid and a.backend_start = w.backend_start::timestamptz
  where a.state is null or a.state not like 'idle%'
$$;
