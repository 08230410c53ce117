-- The next estimate of something that is measured again and again (seconds). Within a tenth it stays what it was, so that
-- nothing flickers; else it follows the measurement, but at most to half or, from a quarter of a second on, to twice what
-- it was: one odd measurement moves little, a lasting change is followed within a few refreshes. NULL: nothing is known.
create or replace function pgauto_mv.smoothed(p_before numeric, p_measured numeric) returns numeric
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
  select case when p_before is null or p_measured is null then coalesce(p_measured, p_before)
    when abs(p_measured - p_before) <= p_before / 10 then p_before
    else least(greatest(p_measured, p_before / 2), greatest(p_before, 0.25) * 2) end
$$;
