-- What still waits or runs, without payloads. A due event that nobody has moved into the queue yet is still delayed. progress and
-- progress_note are what the handler of a claimed event has said with ctx.progress(), last at progress_at.
create or replace view pgrelay.events as
  select q.id, c.name as channel, case when q.slot is null then 'ready' else 'claimed' end as state, q.attempt, q.priority, q.dedup_key,
    q.enqueued_at, q.run_at, q.claimed_at, q.slot, q.worker, q.retried, q.lost, q.node, p.progress, p.note as progress_note, p.at as progress_at, q.key
  from pgrelay.queue q left join pgrelay.channel c on c.id = q.channel_id
  left join pgrelay.progress p on p.event_id = q.id and p.attempt = q.attempt and q.slot is not null
  union all
  select d.id, c.name, 'delayed', d.attempt, d.priority, d.dedup_key, d.enqueued_at, d.run_at, null, null, null, d.retried, d.lost, d.node, null, null, null, d.key
  from pgrelay.delayed d left join pgrelay.channel c on c.id = d.channel_id;
