-- Notes how far the attempt of an event has come. Refused (PR009) to a Processor that no longer holds the event in this attempt. The
-- note is for people, and never the payload; PR004 when it is longer than 200 octets. The commit does not wait for the disk: the next
-- one says it again. Locks: the row of the event's progress, and no row of the queue.
create or replace function pgrelay.note_progress_v1(
  p_slot smallint, p_epoch bigint, p_event_id bigint, p_attempt integer, p_progress double precision, p_note text
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
  if octet_length(p_note) > 200 or p_progress is null or p_progress in ('NaN', 'Infinity', '-Infinity') then
    raise exception using errcode = 'PR004', message = format('the progress %s, or its note of %s octets, cannot be kept', p_progress, octet_length(p_note)),
      hint = 'Give a finite number, and a note of at most 200 octets.';
  end if;
  perform set_config('synchronous_commit', 'off', true);
  insert into pgrelay.progress (event_id, attempt, progress, note, at)
    select q.id, q.attempt, p_progress, p_note, pgrelay.clock_now() from pgrelay.queue q
    where q.id = p_event_id and q.attempt = p_attempt and coalesce(q.slot, 0::smallint) = p_slot and q.epoch = p_epoch
    on conflict (event_id) do update set attempt = excluded.attempt, progress = excluded.progress, note = excluded.note, at = excluded.at;
  if not found then
    raise exception using errcode = 'PR009', message = format('attempt %s at event %s is no longer held by slot %s in epoch %s', p_attempt, p_event_id, p_slot, p_epoch),
      hint = 'Its Processor was declared dead; another runs the event.';
  end if;
end $$;
