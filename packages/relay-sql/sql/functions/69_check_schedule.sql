-- Refuses what is no schedule, one that never fires, and a time zone that the server does not know: PR029, which names
-- the field and what is wrong with it. See parse_schedule for what can be given.
create or replace function pgrelay.check_schedule(p_spec text, p_zone text default 'UTC') returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgrelay.parse_schedule(p_spec);
  begin
    if p_zone is null or now() at time zone p_zone is null then
      raise invalid_parameter_value;
    end if;
  exception when invalid_parameter_value then
    raise exception using errcode = 'PR029', message = format('there is no time zone %L', p_zone),
      hint = 'The view pg_timezone_names lists them: ''UTC'', ''Europe/Berlin''.';
  end;
  if pgrelay.next_fire(p_spec, '2000-01-01 00:00:00+00', p_zone) is null then
    raise exception using errcode = 'PR029', message = format('%L never fires: the field day of month: no month that it names has such a day', p_spec),
      hint = 'Use L for the last day of a month.';
  end if;
end $$;
