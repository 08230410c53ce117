-- What became of the events of channel $1 whose ids lie above $2: their attempts, how many events ended well, and when
-- the first started and the last ended, in ms by the server's clock.
select count(*)::integer as attempts, count(*) filter (where outcome = 'done')::integer as done,
  count(*) filter (where outcome = 'retried')::integer as retried, count(*) filter (where outcome = 'failed')::integer as failed,
  (extract(epoch from min(started_at)) * 1000)::double precision as began, (extract(epoch from max(finished_at)) * 1000)::double precision as ended
from pgrelay.log where channel = $1 and event_id > $2
