-- What is wrong with the jobs now, one row a finding. A command that fails is a failed event: pgrelay.get_problems().
create or replace function pgrelay_cron.get_cron_problems() returns table (code text, object text, evidence text, remedy text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select 'cron_not_sent', 'job ' || j.name, format('the occurrence of %s could not be sent: SQLSTATE %s', j.last_planned_at, j.problem),
    format('See channel %s in pgrelay.channels: register it again, or pgrelay.resume_channel().', j.channel)
  from pgrelay_cron.job j where j.problem is not null and j.state = 'active'
  union all
  select 'cron_late', 'jobs', format('%s jobs are overdue, the first since %s', count(*), min(j.next_fire_at)),
    'No Processor with the plugin cron() is working: npx pgrelay start.'
  from pgrelay_cron.job j where j.state = 'active' and j.next_fire_at < pgrelay.clock_now() - interval '10 seconds' having count(*) > 0
  union all
  select 'cron_no_channel', 'job ' || j.name, format('its channel %s is not registered', j.channel),
    'Register it, start a Processor that has its handler, or remove the job: pgrelay_cron.unschedule().'
  from pgrelay_cron.job j where j.state = 'active' and not exists (select from pgrelay.channel c where c.name = j.channel)
  union all
  select 'cron_no_handler', 'job ' || j.name, format('no live Processor serves its channel %s', j.channel),
    'Start a Processor that has a handler, or the plugin, for it, or remove the job: pgrelay_cron.unschedule().'
  from pgrelay_cron.job j join pgrelay.channel c on c.name = j.channel and c.kind = 'handler'
  where j.state = 'active' and j.next_planned_at is not null and exists (select from pgrelay.instance i where i.alive)
    and not exists (select from pgrelay.instance i where i.alive and pgrelay.serves(i, c))
  union all
  select 'cron_alert_not_sent', 'job ' || m.job, format('%s misses could not be reported to channel %s, the last at %s', count(*), m.alert_channel, max(m.noted_at)),
    'Register the channel again, or pgrelay.resume_channel(); the view pgrelay_cron.misses has what was not reported.'
  from pgrelay_cron.miss m where m.alert_channel is not null and m.alert_event_id is null and m.noted_at > pgrelay.clock_now() - interval '1 day'
  group by m.job, m.alert_channel
$$;
