-- The next times at which a spec fires, on the clock of everybody and on that of its zone: to try one before it is scheduled. At
-- most p_count of them, up to 1000. Errors: PC001, PC004.
create or replace function pgrelay_cron.next_runs(
  p_spec text, p_count integer default 10, p_timezone text default 'UTC', p_after timestamptz default null, p_starts_at timestamptz default null
) returns table (planned_at timestamptz, local_time timestamp)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if (p_count between 0 and 1000) is not true then
    raise exception using errcode = 'PC004', message = format('p_count %s is not between 0 and 1000', p_count), hint = 'Ask again from the last one on: p_after.';
  end if;
  perform pgrelay_cron.check_spec(p_spec, p_timezone);
  planned_at := coalesce(p_after, pgrelay.clock_now());
  for v_n in 1 .. p_count loop
    planned_at := pgrelay_cron.next_fire(p_spec, planned_at, p_timezone, p_starts_at);
    exit when planned_at is null;
    local_time := planned_at at time zone p_timezone;
    return next;
  end loop;
end $$;
