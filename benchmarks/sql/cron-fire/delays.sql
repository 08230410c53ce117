-- How long after its second each occurrence was sent and began to run, in ms, by the database's clock.
select (extract(epoch from r.fired_at - r.planned_at) * 1000)::double precision as sent,
  (extract(epoch from r.started_at - r.planned_at) * 1000)::double precision as started
from pgrelay_cron.runs r where r.outcome = 'done'
