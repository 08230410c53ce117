-- Lets a failed event run again, at once: it leaves pgrelay.failed and is ready, with its id, payload and priority. Its
-- attempts go on counting and their audit rows stay; retries and losses count from zero. An event of another node becomes
-- one of this node. PR012 when no such event is there (it was redriven, or is being redriven, elsewhere), PR001 when its
-- channel is gone. Locks: the failed row. Returns the id.
create or replace function pgrelay.redrive(p_event_id bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_channel text;
begin
  select f.channel into v_channel from pgrelay.failed f where f.id = p_event_id for update skip locked;
  if not found then
    raise exception using errcode = 'PR012', message = format('event %s is not among the failed ones', p_event_id),
      hint = 'pgrelay.failed lists them. One that another session is redriving or deleting just now counts as gone.';
  end if;
  if pgrelay.redrive_rows(v_channel, array[p_event_id], null) = 0 then
    raise exception using errcode = 'PR001', message = format('channel %L of event %s is not registered any more', v_channel, p_event_id),
      hint = 'Register a channel of that name again, then redrive.';
  end if;
  return p_event_id;
end $$;
