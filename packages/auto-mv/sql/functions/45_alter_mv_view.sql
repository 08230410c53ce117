-- Changes how a registered view is kept fresh; see the other form.
create or replace function pgauto_mv.alter_mv(
  p_view regclass,
  p_watch_tables pgauto_mv.mv_watch_spec[] default null,
  p_refresh_lag numeric default null,
  p_max_wait numeric default null,
  p_cooldown numeric default null,
  p_statement_timeout interval default null,
  p_lock_timeout interval default null,
  p_work_mem text default null,
  p_schedule text default null,
  p_safety_refresh interval default null,
  p_fire_on_replica boolean default null,
  p_channel text default null,
  p_reset text[] default null,
  p_chain regclass[] default null,
  p_target_lag interval default null,
  p_cpu_share numeric default null
) returns void
language plpgsql
as $$
begin
  perform pgauto_mv.change_mv(pgauto_mv.find_mv(p_view),
    row(p_refresh_lag, p_max_wait, p_cooldown, p_statement_timeout, p_lock_timeout, p_work_mem, p_schedule, p_safety_refresh,
      p_fire_on_replica, p_channel, p_target_lag, p_cpu_share)::pgauto_mv.mv_settings,
    p_watch_tables is not null, pgauto_mv.qualify_watches(p_watch_tables), p_reset, p_chain::pg_catalog.oid[]);
end $$;
