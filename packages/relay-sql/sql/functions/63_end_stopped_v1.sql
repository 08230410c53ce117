-- For run(), whose batch was cancelled: ends the events of the channel that somebody wants cancelled. Whoever is just asking is waited
-- for until his commit, since he cancels the batch before it; up to 5 s. Returns how many ended: none, when the batch was cancelled for
-- another reason. Locks pgrelay.cancellation against those who ask.
create or replace function pgrelay.end_stopped_v1(p_slot smallint, p_epoch bigint, p_channel_id integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set lock_timeout = '5s'
as $$
begin
  perform pgrelay.check_fence(p_slot, p_epoch);
  begin
    lock table pgrelay.cancellation in share row exclusive mode;
  exception when lock_not_available then
    return 0;
  end;
  return jsonb_array_length(pgrelay.end_cancelled(p_slot, 0::smallint, array(
    select q.id from pgrelay.cancellation a join pgrelay.queue q on q.id = a.event_id where q.channel_id = p_channel_id and q.slot is null), null));
end $$;
