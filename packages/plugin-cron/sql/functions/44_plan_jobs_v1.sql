-- What deploying the jobs that the code of p_app declares would do, and does nothing: a row for each of them and for each job that
-- the same code declared before and declares no more. p_jobs is an array of objects: name and settings (see job_settings); what is
-- not given is the default. Errors: PC001, PC004 for what cannot be a job.
--   action    create, change, none, remove, or conflict: a job of that name was made with schedule(), or by another app's code
--   changes   setting: {from, to}, of what would be changed
--   kept      setting: {declared, actual}, of what an operator changed with alter(), pause() or unschedule(), and what stays so
create or replace function pgrelay_cron.plan_jobs_v1(p_app text, p_jobs jsonb) returns table (job text, action text, changes jsonb, kept jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_given jsonb;
  v_job pgrelay_cron.job;
  v_new pgrelay_cron.job;
  v_declared jsonb;
  v_actual jsonb;
begin
  for v_given in select g.value from jsonb_array_elements(p_jobs) g order by g.value ->> 'name' loop
    job := v_given ->> 'name';
    select j.* into v_job from pgrelay_cron.job j where j.name = job;
    v_new := null;
    v_new.name := job;
    v_new := pgrelay_cron.with_settings(v_new, v_given, true);
    perform pgrelay_cron.check_spec(v_new.spec, v_new.timezone);
    v_declared := pgrelay_cron.job_settings(v_new);
    v_actual := pgrelay_cron.job_settings(v_job) || jsonb_build_object('state', v_job.state);
    changes := '{}';
    kept := '{}';
    if v_job.id is null then
      action := 'create';
    elsif v_job.source <> 'code' or v_job.app <> p_app then
      action := 'conflict';
    else
      select coalesce(jsonb_object_agg(d.key, jsonb_build_object('from', v_actual -> d.key, 'to', d.value)), '{}') into changes
        from jsonb_each(v_declared) d where d.key <> all (v_job.altered) and d.value is distinct from v_actual -> d.key;
      select coalesce(jsonb_object_agg(a.name, jsonb_build_object('declared', (v_declared || '{"state": "active"}') -> a.name, 'actual', v_actual -> a.name)), '{}') into kept
        from unnest(v_job.altered) a(name);
      action := case when changes = '{}' then 'none' else 'change' end;
    end if;
    return next;
  end loop;

  return query
    select j.name, 'remove', '{}'::jsonb, '{}'::jsonb from pgrelay_cron.job j
    where j.source = 'code' and j.app = p_app and not exists (select from jsonb_array_elements(p_jobs) g where g.value ->> 'name' = j.name)
    order by j.name;
end $$;
