-- Makes ready events of channel $1 at places above $2 look like claimed ones, as claim_v1 does: the ready row's version dies.
update pgrelay.queue q set slot = $3, epoch = $4, worker = 1, attempt = 1, claimed_at = clock_timestamp()
where q.channel_id = $1 and q.priority = any ($5::smallint[]) and q.slot is null and q.place > $2
