-- Ends the attempt of an event of a SQL channel whose transaction could not: the statement timeout, or an error outside
-- the action's block, undid everything, the claim included. The event is not claimed, so it is locked first; when
-- another worker has it by now nothing is written. The retry policy decides as for any other error.
-- Returns the outcome, or NULL when there was nothing to end. coalesce keeps the index of ready events out, as in take_batch.
create or replace function pgrelay.fail_v1(p_slot smallint, p_epoch bigint, p_worker smallint, p_event_id bigint, p_elapsed_ms double precision, p_error jsonb)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_outcome text;
  v_attempt integer;
  v_channel_id integer;
begin
  perform pgrelay.check_fence(p_slot, p_epoch);
  update pgrelay.queue q set slot = p_slot, epoch = p_epoch, worker = p_worker, attempt = q.attempt + 1, claimed_at = pgrelay.clock_now()
    where q.ctid = any (array(select x.ctid from pgrelay.queue x where x.id = p_event_id and coalesce(x.slot, 0::smallint) = 0 for update skip locked))
    returning q.attempt, q.channel_id into v_attempt, v_channel_id;
  if found then
    perform pgrelay.note_starts(v_channel_id, 1) where exists (select from pgrelay.channel c where c.id = v_channel_id and c.limited);   -- undone with the batch
    select s.outcome into v_outcome from pgrelay.settle_v1(p_slot, p_epoch, array[p_event_id], array[v_attempt], array['error'], array[null::double precision],
      array[p_elapsed_ms], array[0::double precision], array[p_error]) s;
  end if;
  return v_outcome;
end $$;
