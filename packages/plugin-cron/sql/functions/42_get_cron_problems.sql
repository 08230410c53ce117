-- What is wrong with the jobs now, one row a finding. A command that fails is a failed event: pgrelay.get_problems().
create or replace function pgrelay_cron.get_cron_problems() returns table (code text, object text, evidence text, remedy text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select 'cron_not_sent', 'job ' || j.name, format('the occurrence of %s could not be sent: SQLSTATE %s', j.last_planned_at, j.problem),
    format('See channel %s in pgrelay.channels: register it again, or pgrelay.resume_channel().', j.channel)
  from pgrelay_cron.job j where j.problem is not null
  union all
  select 'cron_late', 'jobs', format('%s jobs are overdue, the first since %s', count(*), min(j.next_fire_at)),
    'No Processor with the plugin cron() is working: npx pgrelay start.'
  from pgrelay_cron.job j where j.next_fire_at < pgrelay.clock_now() - interval '10 seconds' having count(*) > 0
$$;
