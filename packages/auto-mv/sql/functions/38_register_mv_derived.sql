-- Registers a materialized view and finds out from its query what to watch: tables, through plain and nested views, with
-- their partitions and children; materialized views by their refreshes. What cannot be watched is a NOTICE now and a row
-- in get_mv_problems() from then on. Parameters, result, errors and locks as the published form.
create or replace function pgauto_mv.register_mv(
  p_view regclass,
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
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_relations oid[];
  v_operations text[];
  v_mv_id bigint;
begin
  select array_agg(d.relation), array_agg(o) into v_relations, v_operations
    from pgauto_mv.derive_watches(p_view) d cross join lateral unnest(d.operations) o;
  v_mv_id := pgauto_mv.install_mv(p_view, true, v_relations, v_operations,
    row(p_refresh_lag, p_max_wait, p_cooldown, p_statement_timeout, p_lock_timeout, p_work_mem, p_schedule, p_safety_refresh,
      p_fire_on_replica, p_channel, p_target_lag, p_cpu_share)::pgauto_mv.mv_settings, p_chain::pg_catalog.oid[]);
  perform pgauto_mv.report_unwatched(v_mv_id, p_view);
  return v_mv_id;
end $$;
