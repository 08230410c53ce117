-- Reads one field of a cron text: the numbers it names, in order. An item of its list is a number, a range, or * for all,
-- and a step may follow ('*/5', '10-50/20', '5/15': from 5 on). p_names stand for numbers from p_least on. Sunday is 0
-- and 7. PR029 says which field it is and what is wrong with it. p_field is in capitals.
create or replace function pgrelay.schedule_field(
  p_spec text, p_name text, p_field text, p_least integer, p_most integer, p_names text[] default null
) returns integer[]
language plpgsql immutable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_top integer := case p_name when 'day of week' then 7 else p_most end;
  v_item text;
  v_parts text[];
  v_low integer;
  v_high integer;
  v_step integer;
  v_wrong text;
  v_numbers integer[] := '{}';
begin
  foreach v_item in array case p_field when '' then array[''] else string_to_array(p_field, ',') end loop
    v_parts := regexp_match(v_item, '^(?:([*])|(\d{1,4}|[A-Z]{3})(?:-(\d{1,4}|[A-Z]{3}))?)(?:/(\d{1,4}))?$');
    v_low := case when v_parts[1] is not null then p_least when v_parts[2] ~ '^\d' then v_parts[2]::integer
      else array_position(p_names, v_parts[2]) - 1 + p_least end;
    v_high := case when v_parts[1] is not null then p_most
      when v_parts[3] is null then case when v_parts[4] is null then v_low else p_most end
      when v_parts[3] ~ '^\d' then v_parts[3]::integer else array_position(p_names, v_parts[3]) - 1 + p_least end;
    if p_name = 'day of week' and v_high = 0 and v_low > 0 then
      v_high := 7;                                           -- FRI-SUN
    end if;
    v_step := coalesce(v_parts[4]::integer, 1);
    v_wrong := case
      when v_parts is null or v_low is null or v_high is null then 'is no number, name, range or step'
      when v_low not between p_least and v_top or v_high not between p_least and v_top then format('is not between %s and %s', p_least, v_top)
      when v_low > v_high then 'is a range that ends before it begins'
      when v_step not between 1 and p_most - p_least + 1 then format('has a step that is not between 1 and %s', p_most - p_least + 1) end;
    if v_wrong is not null then
      raise exception using errcode = 'PR029', message = format('%L: the field %s: %L %s', p_spec, p_name, v_item, v_wrong),
        hint = format('Numbers from %s to %s%s, with lists 1,2, ranges 1-5 and steps */2.', p_least, v_top,
          case when p_names is not null then format(', or %s to %s', p_names[1], p_names[cardinality(p_names)]) else '' end);
    end if;
    v_numbers := v_numbers || array(select generate_series(v_low, v_high, v_step));
  end loop;
  return array(select distinct case when p_name = 'day of week' then n % 7 else n end from unnest(v_numbers) n order by 1);
end $$;
