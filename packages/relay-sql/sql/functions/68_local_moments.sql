-- At which moments the clocks of a zone show a local time, as UTC: earlier alone as a rule; both when clocks are set back
-- over it; neither when they are set forward over it. change is the moment at which that happens, else NULL.
-- For a local time that is skipped PostgreSQL goes on by the clock before the change, and for one that is repeated it takes
-- the clock after it; the other one is looked for a day before, since no clock is changed twice in a day.
create or replace function pgrelay.local_moments(p_local timestamp, p_zone text, out earlier timestamp, out later timestamp, out change timestamp)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_moment timestamp := p_local at time zone p_zone at time zone 'UTC';
  v_shown timestamp := v_moment at time zone 'UTC' at time zone p_zone;
  v_before timestamp := v_moment - interval '25 hours';
  v_set_back interval;
begin
  if v_shown <> p_local then
    change := pgrelay.clock_change(v_moment - (v_shown - p_local), v_moment, p_zone);
    return;
  end if;
  earlier := v_moment;
  v_set_back := ((v_before at time zone 'UTC' at time zone p_zone) - v_before) - (v_shown - v_moment);
  if v_set_back > interval '0' and ((v_moment - v_set_back) at time zone 'UTC' at time zone p_zone) = p_local then
    earlier := v_moment - v_set_back;
    later := v_moment;
    change := pgrelay.clock_change(earlier, later, p_zone);
  end if;
end $$;
