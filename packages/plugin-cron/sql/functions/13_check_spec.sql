-- Refuses what is no spec of a job, and a time zone that the server does not know: PC001, with what is wrong. See
-- pgrelay.parse_schedule for what can be given, beside 'at <timestamp>'.
create or replace function pgrelay_cron.check_spec(p_spec text, p_zone text) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_hint text;
begin
  if p_spec ~* '^[[:space:]]*at[[:space:]]' then
    perform pgrelay.check_schedule('@daily', p_zone);
    perform pgrelay_cron.one_shot(p_spec, p_zone);
  else
    perform pgrelay.check_schedule(p_spec, p_zone);
  end if;
exception when sqlstate 'PR029' then
  get stacked diagnostics v_hint = pg_exception_hint;
  raise exception using errcode = 'PC001', message = sqlerrm, hint = v_hint || ' ''at 2027-03-01 08:30'' fires once.';
end $$;
