-- The moment of a spec 'at <timestamp>', which fires once; NULL when the spec is another kind. The timestamp is ISO 8601: with Z
-- or an offset it is a moment, without one a time on the clocks of p_zone. A time that the clocks skip is the moment they are set
-- forward, of one that is repeated it is the first, as in pgrelay.next_fire. PC001 when it cannot be read.
create or replace function pgrelay_cron.one_shot(p_spec text, p_zone text) returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on set datestyle = 'ISO, YMD'
as $$
declare
  v_parts text[];
  v_found record;
begin
  if p_spec !~* '^\s*at\s' then
    return null;
  end if;
  v_parts := regexp_match(p_spec, '^\s*at\s+(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s?(Z|[+-]\d\d(?::?\d\d)?)?\s*$', 'i');
  if v_parts is null then
    raise datetime_field_overflow;
  elsif v_parts[3] is not null then
    return (v_parts[1] || ' ' || v_parts[2] || v_parts[3])::timestamptz;
  end if;
  v_found := pgrelay.local_moments((v_parts[1] || ' ' || v_parts[2])::timestamp, p_zone);
  return coalesce(v_found.earlier, v_found.change) at time zone 'UTC';
exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
  raise exception using errcode = 'PC001', message = format('%L is no time that can be read', p_spec),
    hint = 'For example ''at 2027-03-01 08:30'' in the job''s time zone, or ''at 2027-03-01T08:30:00+01:00''.';
end $$;
