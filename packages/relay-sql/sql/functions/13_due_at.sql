-- When what was asked for several times is to be done once, given when it was first and last asked for since it was done, and when it was
-- last done (NULL: never): p_lag after the last time, but no longer than p_max_wait (NULL or 0: no maximum) after the first; and never
-- before p_cooldown after it was last done, which wins. NULL when nobody has asked. For debounced channels and auto-mv's views.
create or replace function pgrelay.due_at(
  p_first timestamptz, p_last timestamptz, p_done timestamptz, p_lag interval, p_max_wait interval, p_cooldown interval
) returns timestamptz
language sql immutable parallel safe
as $$
  select case when p_first is not null and p_last is not null then
    greatest(least(p_last + p_lag, case when p_max_wait > interval '0' then p_first + p_max_wait end), p_done + p_cooldown)
  end
$$;
