-- The first time after p_after at which a job's spec fires: pgrelay.next_fire, and the one time of a spec 'at …'. NULL: never
-- again. Intervals count from p_start, and nothing is before it.
create or replace function pgrelay_cron.next_fire(p_spec text, p_after timestamptz, p_zone text, p_start timestamptz default null) returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_after timestamptz := greatest(p_after, p_start - interval '1 microsecond');
  v_once timestamptz := case when p_spec ~* '^[[:space:]]*at[[:space:]]' then pgrelay_cron.one_shot(p_spec, p_zone) end;
begin
  if v_once is not null then
    return case when v_once > v_after then v_once end;
  end if;
  return pgrelay.next_fire(p_spec, v_after, p_zone, coalesce(p_start, '1970-01-01 00:00:00+00'));
end $$;
