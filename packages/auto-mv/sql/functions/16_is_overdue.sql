-- Whether a view is to be refreshed though nothing is seen to have changed: a time of its schedule has come (p_fired_at),
-- or its safety refresh, and no refresh that began since is done.
create or replace function pgauto_mv.is_overdue(p_mv pgauto_mv.mv, p_state pgauto_mv.state, p_fired_at timestamptz, p_now timestamptz)
returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
  select case when p_state.done_at is null then p_fired_at is not null
    else coalesce(p_fired_at > p_state.done_at - p_state.done_duration, false)
      or coalesce(p_state.done_at - p_state.done_duration + p_mv.safety_refresh <= p_now, false) end
$$;
