-- Refuses what can be no view's schedule: neither the name of one nor a spec of its own, which then counts in UTC. PM070.
create or replace function pgauto_mv.check_mv_schedule(p_schedule text) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if p_schedule is null or exists (select from pgauto_mv.schedule s where s.name = p_schedule) then
    return;
  end if;
  perform pgrelay.check_schedule(p_schedule);
exception when sqlstate 'PR029' then
  raise exception using errcode = 'PM070', message = format('there is no schedule %L, and as a spec: %s', p_schedule, sqlerrm),
    hint = 'Give the name of one in pgauto_mv.schedules, made with pgauto_mv.set_schedule(), or a spec: ''every 10 minutes'', ''0 3 * * *''.';
end $$;
