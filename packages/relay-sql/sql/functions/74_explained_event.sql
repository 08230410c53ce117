-- Where each event is now, with its channel, as the reasons of explain_event() take it. stage: ready, claimed, delayed or failed.
-- locked_by: the transaction, or group of transactions, that has its row locked or did so last.
create or replace view pgrelay.explained_event as
  select q.id, case when q.slot is null then 'ready' else 'claimed' end as stage, q.channel_id, c.name as channel, c.kind, c.state as channel_state, c.parallel,
    q.node, q.priority, q.place, q.run_at, q.slot, q.epoch, q.worker, q.claimed_at, q.xmax as locked_by, q.key
  from pgrelay.queue q left join pgrelay.channel c on c.id = q.channel_id
  union all
  select d.id, 'delayed', d.channel_id, c.name, c.kind, c.state, c.parallel, d.node, d.priority, null, d.run_at, null, null, null, null, d.xmax, d.key
  from pgrelay.delayed d left join pgrelay.channel c on c.id = d.channel_id
  union all
  select f.id, 'failed', c.id, f.channel, c.kind, c.state, c.parallel, f.node, f.priority, null, null, null, null, null, null, null, f.key
  from pgrelay.failed f left join pgrelay.channel c on c.name = f.channel;
