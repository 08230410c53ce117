-- Changes how a registered view is kept fresh, by the names it was registered with or has now. NULL, the default of every
-- parameter, leaves a setting as it is; p_reset names those that go back to their defaults, without p_:
-- array['work_mem', 'watch_tables']. The default of watch_tables is what the query asks for (derived), and '{}' is none; so it is none of p_chain.
-- A target takes the place of the three times, and p_reset => array['target_lag'] brings these back, those that are given with it or
-- their defaults. The others as in register_mv(). A new time counts from the planner's next look, and the view is as fresh as it was. New
-- watches leave no gap: their triggers come before old ones go, and the view is dirty until it has been refreshed since.
-- Errors: PM004 not registered, PM009 a refresh of the view or another registration runs, PM041 p_reset, PM045 times beside a target; register_mv.
create or replace function pgauto_mv.alter_mv(
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
  perform pgauto_mv.change_mv(pgauto_mv.find_mv(null, p_mv_name, p_mv_schema),
    row(p_refresh_lag, p_max_wait, p_cooldown, p_statement_timeout, p_lock_timeout, p_work_mem, p_schedule, p_safety_refresh,
      p_fire_on_replica, p_channel, p_target_lag, p_cpu_share)::pgauto_mv.mv_settings,
    p_watch_tables is not null, pgauto_mv.qualify_watches(p_watch_tables), p_reset, p_chain::pg_catalog.oid[]);
end $$;
