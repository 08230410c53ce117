-- Registers a materialized view: from now on its contents follow the tables. The published form.
--   p_watch_tables       what to watch, made with mv_watch(); none (the default) means no trigger: refreshes on request only
--   p_refresh_lag        seconds to wait after the latest change; 0 by default
--   p_max_wait           seconds after the first change at which a refresh is due whatever still changes; 0, the default: no maximum
--   p_cooldown           seconds between the end of a refresh and the next; 2 by default
--   p_statement_timeout, p_lock_timeout, p_work_mem   of the refresh; NULL: what the Processor is configured with
--   p_schedule           when to refresh beside that: the name of a schedule, or a spec; NULL: not by the clock
--   p_safety_refresh     the longest without a refresh though nothing was seen to change; NULL: no limit
--   p_fire_on_replica    see what logical replication writes, too
--   p_channel            a channel that gets an event after each refresh; NULL: none
--   p_chain              registered views after whose refreshes this one is refreshed, whatever it reads; NULL: none
--   p_target_lag         instead of the three times: how old a change may be, from when it was made in a table, when the view shows it; the
--                        three are then solved from what refreshes take and how changes come (see solve_times)
--   p_cpu_share          what that may cost: the share of one CPU, 0.25 by default; where both cannot be kept, this one is
-- Returns the registration's id. The view, its tables and their indexes stay as they are, but for the triggers. A table
-- that is busy is left to the Processors, one transaction each: until then the view is installing, and is not refreshed.
-- Errors: PM001 … PM010, PM040, PM041, PM045 times beside a target, PM080 a circle, PR001. Locks: every watched table as CREATE TRIGGER does, waiting at most 100 ms.
create or replace function pgauto_mv.register_mv(
  p_mv_name text,
  p_mv_schema text,
  p_watch_tables pgauto_mv.mv_watch_spec[] default null,
  p_refresh_lag numeric default null,
  p_max_wait numeric default null,
  p_cooldown numeric default null,
  p_statement_timeout interval default null,
  p_lock_timeout interval default null,
  p_work_mem text default null,
  p_schedule text default null,
  p_safety_refresh interval default null,
  p_fire_on_replica boolean default false,
  p_channel text default null,
  p_chain regclass[] default null,
  p_target_lag interval default null,
  p_cpu_share numeric default null
) returns bigint
language plpgsql
as $$
declare
  v_view pg_catalog.oid := pgauto_mv.find_view(p_mv_name, p_mv_schema);
  v_relations pg_catalog.oid[];            -- qualified: the names of the tables are looked up in the caller's search_path, ours are not
  v_operations pg_catalog.text[];
begin
  select pg_catalog.array_agg(w.relation), pg_catalog.array_agg(w.operation) into v_relations, v_operations
    from pgauto_mv.check_watch_tables(pgauto_mv.qualify_watches(p_watch_tables)) w;
  return pgauto_mv.install_mv(v_view, false, v_relations, v_operations,
    row(p_refresh_lag, p_max_wait, p_cooldown, p_statement_timeout, p_lock_timeout, p_work_mem, p_schedule, p_safety_refresh,
      p_fire_on_replica, p_channel, p_target_lag, p_cpu_share)::pgauto_mv.mv_settings, p_chain::pg_catalog.oid[]);
end $$;
