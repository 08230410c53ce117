-- Makes a schedule that views can share by its name, or changes it: each of them is refreshed whenever it fires. p_spec is
-- an interval, a cron text of five or six fields, or @hourly … @yearly (see pgrelay.parse_schedule); p_zone the time zone
-- in which a cron text counts. The next time is calculated from now on: one that had come and was not served yet is dropped.
-- Errors: PR029 no spec, or no zone; PM072 no proper name (one that can be read as a spec is none).
create or replace function pgauto_mv.set_schedule(p_name text, p_spec text, p_zone text default 'UTC') returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_spec boolean := true;
begin
  perform pgrelay.check_schedule(p_spec, p_zone);
  begin
    perform pgrelay.check_schedule(p_name);
  exception when sqlstate 'PR029' then
    v_spec := false;
  end;
  if v_spec or coalesce(btrim(p_name), '') = '' or octet_length(p_name) > 195 then
    raise exception using errcode = 'PM072', message = format('%L can be no name of a schedule', p_name),
      hint = 'It has 1 to 195 octets and is no spec by itself.';
  end if;
  insert into pgauto_mv.schedule as s (name, spec, zone) values (p_name, p_spec, p_zone)
    on conflict (name) do update set spec = excluded.spec, zone = excluded.zone, set_by = excluded.set_by, set_at = excluded.set_at
    where (s.spec, s.zone) is distinct from (excluded.spec, excluded.zone);
end $$;
