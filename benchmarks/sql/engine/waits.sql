-- Whether an event of the channel $1 at or after the place $2 is still ready. Reads one place of the index, so asking often
-- disturbs nothing, however many dead rows there are.
select exists (
  select from pgrelay.queue q where q.channel_id = (select c.id from pgrelay.channel c where c.name = $1)
    and q.priority = 0 and q.slot is null and q.place >= $2) as waits
