-- What the audit says of all events so far, and what is left of them.
select count(distinct event_id)::integer as events, count(*) filter (where outcome = 'done')::integer as done,
  count(*) filter (where outcome = 'lost')::integer as lost, count(*) filter (where outcome not in ('done', 'lost'))::integer as other,
  (select count(*)::integer from pgrelay.events e where e.channel = 'crash') as waiting
from pgrelay.log where channel = 'crash'
