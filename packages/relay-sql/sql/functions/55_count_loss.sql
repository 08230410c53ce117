-- Counts the loss of a worker's connection against the event that it ran alone. A claimed event must be of that slot and epoch;
-- one of a SQL channel is locked first, and left alone when another runs it by now. Not counted, but ready as before, when the
-- server itself was restarted since p_started_at. At the third loss the event is quarantined, as in rescue_v1.
-- Returns lost, failed (quarantined), or NULL when nothing was counted.
create or replace function pgrelay.count_loss(p_slot smallint, p_epoch bigint, p_worker smallint, p_event_id bigint, p_started_at timestamptz)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_event pgrelay.queue;
  v_name text;
begin
  select q.* into v_event from pgrelay.queue q
    where q.id = p_event_id and (q.slot is null or (q.slot = p_slot and q.epoch = p_epoch)) for update skip locked;
  if not found then
    return null;
  elsif pg_postmaster_start_time() > p_started_at then
    perform pgrelay.release_v1(p_slot, p_epoch, array[p_event_id]);
    return null;
  end if;
  select c.name into v_name from pgrelay.channel c where c.id = v_event.channel_id;
  v_event.attempt := v_event.attempt + (v_event.slot is null)::integer;        -- a claim has counted it already, and its start
  perform pgrelay.note_starts(v_event.channel_id, 1) where v_event.slot is null and exists (select from pgrelay.channel c where c.id = v_event.channel_id and c.limited);
  v_event.lost := v_event.lost + 1;
  insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome, code)
    values (p_event_id, v_event.enqueued_at, p_started_at, v_now, v_event.attempt, p_slot, p_worker, v_event.node, v_name, 'lost', 'worker_lost');
  if v_event.lost < 3 then
    update pgrelay.queue q set slot = null, epoch = null, worker = null, claimed_at = null, permit = null, attempt = v_event.attempt, lost = v_event.lost
      where q.id = p_event_id;
    perform nextval('pgrelay.rescan');
    return 'lost';
  end if;
  delete from pgrelay.queue q where q.id = p_event_id;
  perform pgrelay.end_debounced(array[p_event_id]) where exists (select from pgrelay.debounce);
  insert into pgrelay.failed (id, channel, reason, attempt, retried, lost, priority, node, enqueued_at, failed_at, code, message, dedup_key, key, payload)
    values (p_event_id, v_name, 'quarantined', v_event.attempt, v_event.retried, v_event.lost, v_event.priority, v_event.node, v_event.enqueued_at, v_now,
      'quarantined', 'its worker lost the connection each time while it ran', v_event.dedup_key, v_event.key, v_event.payload);
  return 'failed';
end $$;
