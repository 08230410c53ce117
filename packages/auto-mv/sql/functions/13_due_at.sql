-- When a view is to be refreshed, given when changes that no refresh has served were first and last seen, and when its
-- last refresh was done (NULL: never). Seconds as published: wait p_refresh_lag after the last change, but no longer
-- than p_max_wait (0: no maximum) after the first; and never before p_cooldown after the last refresh, which wins.
-- NULL when there is no change to serve.
create or replace function pgauto_mv.due_at(
  p_first timestamptz, p_last timestamptz, p_done timestamptz, p_refresh_lag numeric, p_max_wait numeric, p_cooldown numeric
) returns timestamptz
language sql immutable parallel safe
as $$
  select case when p_first is not null and p_last is not null then
    greatest(
      least(
        p_last + make_interval(secs => p_refresh_lag::double precision),
        case when p_max_wait > 0 then p_first + make_interval(secs => p_max_wait::double precision) end),
      p_done + make_interval(secs => p_cooldown::double precision))
  end
$$;
