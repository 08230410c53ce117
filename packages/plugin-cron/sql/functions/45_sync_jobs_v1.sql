-- Does what plan_jobs_v1 says, and returns the same rows. Jobs that are declared no more go with p_remove only: another Processor of
-- the same app, of the release before or after, may declare them. Several Processors that start at once come one after the other.
-- Errors: PC001, PC003 for a conflict, PC004, PR001 for a channel that is not registered.
create or replace function pgrelay_cron.sync_jobs_v1(p_app text, p_jobs jsonb, p_remove boolean default false)
returns table (job text, action text, changes jsonb, kept jsonb)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_settings jsonb;
begin
  perform pg_advisory_xact_lock(hashtextextended('pgrelay_cron.sync_jobs_v1', 0));
  for job, action, changes, kept in select p.job, p.action, p.changes, p.kept from pgrelay_cron.plan_jobs_v1(p_app, p_jobs) p loop
    v_settings := (select g.value - 'name' from jsonb_array_elements(p_jobs) g where g.value ->> 'name' = job);
    if action = 'conflict' then
      raise exception using errcode = 'PC003', message = format('job %L is already declared with pgrelay_cron.schedule(), or by the code of another app', job),
        hint = 'Use another name, or remove the other one first: pgrelay_cron.unschedule().';
    elsif action in ('create', 'change') then
      perform pgrelay_cron.save_job(job, case action when 'create' then v_settings
        else (select jsonb_object_agg(c.key, c.value -> 'to') from jsonb_each(changes) c) end, 'event', 'code');
      update pgrelay_cron.job j set app = p_app where j.name = sync_jobs_v1.job and j.app is distinct from p_app;
    elsif action = 'remove' and p_remove then
      delete from pgrelay_cron.job j where j.name = sync_jobs_v1.job and j.source = 'code';
    end if;
    return next;
  end loop;
end $$;
