-- For run(): notes which channel it is at, to be committed before the batch begins. suspect: a call was lost in the middle of a
-- batch of it, so its events run one by one, and event is the one that comes now; NULL: none is ready.
create or replace function pgrelay.note_run_v1(p_slot smallint, p_epoch bigint, p_channel_id integer, out suspect boolean, out event bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update pgrelay.run_suspect s set events = s.events - 1 where s.channel_id = p_channel_id and s.events > 0;
  suspect := found;
  if suspect then
    event := (pgrelay.peek_v1(p_channel_id, 1))[1];
  end if;
  delete from pgrelay.run_suspect s where s.channel_id = p_channel_id and (s.events = 0 or event is null);
  update pgrelay.instance i set running_channel = p_channel_id, running_event = event, heartbeat_at = pgrelay.clock_now()
    where i.slot = p_slot and i.epoch = p_epoch and i.alive;
end $$;
