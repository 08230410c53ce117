-- What was sent: events, occurrences sent twice, jobs that sent none, jobs that are late by more than a minute, and misses.
select (select count(*) from pgrelay_cron.fire)::integer as sent,
  (select count(*) from (select from pgrelay_cron.fire f group by f.job, f.planned_at having count(*) > 1) d)::integer as twice,
  (select count(*) from pgrelay_cron.jobs j where j.last_planned_at is null)::integer as silent,
  (select count(*) from pgrelay_cron.jobs j where j.next_fire_at < clock_timestamp() - interval '1 minute')::integer as late,
  (select count(*) from pgrelay_cron.misses)::integer as missed,
  (select count(*) from pgrelay_cron.jobs)::integer as jobs
