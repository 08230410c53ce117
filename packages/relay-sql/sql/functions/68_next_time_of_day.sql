-- The first time of day at or after p_time that a cron text names; NULL when there is none left that day.
create or replace function pgrelay.next_time_of_day(p_times pgrelay.schedule_times, p_time time) returns time
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_hour integer := extract(hour from p_time)::integer;
  v_minute integer := extract(minute from p_time)::integer;
  v_next integer;
begin
  if v_hour = any (p_times.hours) then
    if v_minute = any (p_times.minutes) then
      v_next := (select min(s) from unnest(p_times.seconds) s where s >= extract(second from p_time));
      if v_next is not null then
        return make_time(v_hour, v_minute, v_next);
      end if;
    end if;
    v_next := (select min(m) from unnest(p_times.minutes) m where m > v_minute);
    if v_next is not null then
      return make_time(v_hour, v_next, p_times.seconds[1]);
    end if;
  end if;
  v_next := (select min(h) from unnest(p_times.hours) h where h > v_hour);
  return make_time(v_next, p_times.minutes[1], p_times.seconds[1]);
end $$;
