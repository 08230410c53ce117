-- Deletes a batch of at most 500 rows from place $1 on and writes their audit rows, in one statement. What lies before that
-- place this session has deleted, so that it does not walk its own dead rows.
with gone as (
  delete from bench.queue q where q.ctid = any (array(
    select r.ctid from bench.queue r
    where r.channel_id = 1 and r.priority = 0 and r.slot is null and r.place >= $1
    order by r.place limit 500 for update skip locked))
  returning q.id, q.place, q.enqueued_at, q.attempt, q.node
), logged as (
  insert into bench.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome)
  select g.id, g.enqueued_at, clock_timestamp(), clock_timestamp(), g.attempt + 1, 1, 1, g.node, 'drain', 'done' from gone g
)
select max(g.place) as place from gone g
