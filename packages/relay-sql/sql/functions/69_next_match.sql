-- The first local time at or after p_from that a cron text names, on a clock that is never changed. NULL when there is
-- none in nine years, and so none at all: the longest pause is that before a 29 February, of eight years.
create or replace function pgrelay.next_match(p_times pgrelay.schedule_times, p_from timestamp) returns timestamp
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_month timestamp := date_trunc('month', p_from);
  v_day date;
  v_time time;
begin
  for v_months in 0 .. 9 * 12 loop
    if extract(month from v_month)::integer = any (p_times.months) then
      for v_day in
        select d::date
        from generate_series(greatest(v_month, date_trunc('day', p_from)), v_month + interval '1 month' - interval '1 day', interval '1 day') d
        cross join lateral (select extract(day from d)::integer = any (p_times.days)
          or (p_times.last_day and extract(day from d + interval '1 day') = 1) as by_month) x
        where case when p_times.either_day then x.by_month or extract(dow from d)::integer = any (p_times.weekdays)
          else x.by_month and extract(dow from d)::integer = any (p_times.weekdays) end
        order by d
      loop
        v_time := pgrelay.next_time_of_day(p_times, case when v_day > p_from::date then time '00:00' else p_from::time end);
        if v_time is not null then
          return v_day + v_time;
        end if;
      end loop;
    end if;
    v_month := v_month + interval '1 month';
  end loop;
  return null;
end $$;
