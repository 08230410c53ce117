-- Takes events of channel $1 with ids above $2 out of the queue, as their end does. No audit rows: the claims that are measured
-- never read those.
delete from pgrelay.queue q where q.id > $2 and q.channel_id = $1
