-- The first time after p_after at which a schedule fires (see parse_schedule). NULL when it never does (30 February),
-- after a bounded search. PR029 when it is no schedule; an unknown zone is PostgreSQL's own error 22023.
--   an interval   fires at whole multiples of it after p_start, by elapsed time: whatever clocks do
--   a cron text   goes by the clocks of p_zone. Where they are changed:
--     a time that is skipped      fires once, when the clocks are set forward, however many are skipped
--     a time that is repeated     fires the first time only
--   but when the hour field is * or */n it goes by elapsed time: what is skipped does not fire, what is repeated fires twice.
-- Stateless: between two times of a schedule the answer is the same. Whoever missed some passes the present as p_after.
create or replace function pgrelay.next_fire(
  p_spec text, p_after timestamptz, p_zone text default 'UTC', p_start timestamptz default '1970-01-01 00:00:00+00'
) returns timestamptz
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_times pgrelay.schedule_times := pgrelay.parse_schedule(p_spec);
  v_after timestamp := p_after at time zone 'UTC';
  v_shown timestamp := p_after at time zone p_zone;
  v_from timestamp := date_trunc('second', v_shown) + interval '1 s';
  v_seconds numeric := extract(epoch from v_times.every);
  v_now record;
  v_next record;
  v_match timestamp;
  v_again timestamp;
  v_fire timestamp;
begin
  if p_after is null or p_zone is null or not isfinite(p_after) then
    return null;
  elsif v_times.every is not null then
    return p_start + make_interval(secs => ((floor(extract(epoch from p_after - p_start) / v_seconds) + 1) * v_seconds)::double precision);
  end if;

  -- What the clocks show now they show again later: then a time from the beginning of what is repeated may come first.
  if v_times.every_hour then
    v_now := pgrelay.local_moments(date_trunc('second', v_shown), p_zone);
    if v_now.later > v_after then
      v_match := pgrelay.next_match(v_times, v_now.change at time zone 'UTC' at time zone p_zone);
      v_next := pgrelay.local_moments(v_match, p_zone);
      v_again := v_next.later;
    end if;
  end if;

  while v_fire is null loop
    v_match := pgrelay.next_match(v_times, v_from);
    if v_match is null then
      exit;
    end if;
    v_next := pgrelay.local_moments(v_match, p_zone);
    if v_next.earlier is null then
      if v_times.every_hour then
        v_from := v_next.change at time zone 'UTC' at time zone p_zone;                                    -- what clocks show then
      else
        v_fire := v_next.change;
      end if;
    elsif v_next.earlier > v_after then
      v_fire := v_next.earlier;
    elsif v_times.every_hour and v_next.later > v_after then
      v_fire := v_next.later;
    else                                                                                                         -- on to the end of what is repeated
      v_from := greatest(v_match, (v_next.change - interval '1 s') at time zone 'UTC' at time zone p_zone) + interval '1 s';
    end if;
  end loop;
  return least(v_fire, v_again) at time zone 'UTC';
end $$;
