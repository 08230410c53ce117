-- When the clocks of a zone were changed between two moments, given and returned as UTC: the first second that goes by the
-- clock of p_high. There is one change between them.
create or replace function pgrelay.clock_change(p_low timestamp, p_high timestamp, p_zone text) returns timestamp
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_offset interval := (p_high at time zone 'UTC' at time zone p_zone) - p_high;
  v_low timestamp := p_low;
  v_high timestamp := p_high;
  v_middle timestamp;
begin
  while v_high - v_low > interval '1 s' loop
    v_middle := v_low + make_interval(secs => floor(extract(epoch from v_high - v_low) / 2)::double precision);
    if (v_middle at time zone 'UTC' at time zone p_zone) - v_middle = v_offset then
      v_high := v_middle;
    else
      v_low := v_middle;
    end if;
  end loop;
  return v_high;
end $$;
