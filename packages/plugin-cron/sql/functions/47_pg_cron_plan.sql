-- What becomes of one job of pg_cron here: its name, and why not, if it cannot be taken over. action is create, exists (a job of
-- that name is here already and is left alone), other_database, or refused with the reason in note.
create or replace function pgrelay_cron.pg_cron_plan(p_job jsonb, p_twice boolean, p_timezone text, out name text, out action text, out note text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  name := coalesce(p_job ->> 'jobname', 'pg_cron ' || (p_job ->> 'jobid')) || case when p_twice then format(' (%s)', p_job ->> 'username') else '' end;
  if p_job ->> 'database' <> current_database() then
    action := 'other_database';
    note := format('it runs in database %s: import it there', p_job ->> 'database');
    return;
  elsif exists (select from pgrelay_cron.job j where j.name = pg_cron_plan.name) then
    action := 'exists';
    note := 'a job of that name is here already and is left alone';
    return;
  end if;
  action := 'create';
  note := concat_ws('; ', case when (p_job ->> 'active')::boolean = false then 'not active: it is imported paused' end,
    case when p_job ->> 'username' <> 'pgrelay' then format('it ran as %s and runs as role pgrelay now: grant that what it needs', p_job ->> 'username') end);
  perform pgrelay_cron.check_spec(p_job ->> 'schedule', p_timezone);
exception when sqlstate 'PC001' then
  action := 'refused';
  note := sqlerrm;
end $$;
