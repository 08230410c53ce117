-- The part of cancel() that writes: takes an event that waits out of the queue, or leaves word for whoever runs it. The word stays until
-- the event has ended: an event of a SQL channel that comes back is then ended instead of run. Returns what cancel() does.
create or replace function pgrelay.ask_cancel(p_event_id bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
  with gone as (
    delete from pgrelay.queue q where q.ctid = any (array(select x.ctid from pgrelay.queue x where x.id = p_event_id and x.slot is null for update skip locked))
      returning q.id, q.channel_id, q.enqueued_at, q.attempt, q.node
  ), gone_delayed as (
    delete from pgrelay.delayed d where d.ctid = any (array(select x.ctid from pgrelay.delayed x where x.id = p_event_id for update skip locked))
      returning d.id, d.channel_id, d.enqueued_at, d.attempt, d.node
  ), freed as (
    delete from pgrelay.dedup k where k.event_id = p_event_id and exists (select from gone union all select from gone_delayed)
  )
  insert into pgrelay.log (event_id, enqueued_at, finished_at, attempt, node, channel, outcome, code)
    select e.id, e.enqueued_at, pgrelay.clock_now(), e.attempt + 1, e.node, c.name, 'cancelled', 'cancelled'
    from (select * from gone union all select * from gone_delayed) e join pgrelay.channel c on c.id = e.channel_id;
  if found then
    return 'cancelled';
  end if;
  delete from pgrelay.cancellation a               -- of events that have ended
    where not exists (select from pgrelay.queue q where q.id = a.event_id) and not exists (select from pgrelay.delayed y where y.id = a.event_id);
  insert into pgrelay.cancellation (event_id, asked_at, asked_by)
    select e.id, pgrelay.clock_now(), session_user from pgrelay.explained_event e
    where e.id = p_event_id and (e.stage = 'claimed'
      or (e.stage in ('ready', 'delayed') and exists (select from pgrelay.lock_holders(e.locked_by) h where pgrelay.is_worker(h.pid))))
    on conflict (event_id) do update set asked_at = excluded.asked_at;
  if found then
    perform pg_notify('pgrelay', 'cancel ' || p_event_id);
    return 'asked';
  elsif exists (select from pgrelay.queue q where q.id = p_event_id) or exists (select from pgrelay.delayed d where d.id = p_event_id) then
    return 'running';
  end if;
  raise exception using errcode = 'PR028', message = format('event %s neither waits nor runs', p_event_id),
    hint = 'It has ended: pgrelay.log says how. A failed one is in pgrelay.failed, and can be deleted there.';
end $$;
