-- Sends an event that runs when all of the events given have ended: done, cancelled or removed. While one is among the failed it waits, until
-- that one is redriven and done, or deleted. It goes into the caller's transaction, as with notify(), whose arguments and errors it has, and
-- is delayed until then; a Processor, or run(), looks once a second. snooze(id, '0') lets it run at once, cancel() takes it away.
--   p_event_ids   1 to 10,000 ids; PR004 for none or more, PR028 for one that is not to be seen from here: send them before, in this
--                 transaction or one that has committed
-- Returns its id.
create or replace function pgrelay.after_all(p_event_ids bigint[], p_channel text, p_payload text default null, p_priority integer default null)
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_id bigint;
  v_unseen bigint;
begin
  if (cardinality(p_event_ids) between 1 and 10000) is not true then
    raise exception using errcode = 'PR004', message = format('after_all got %s events', coalesce(cardinality(p_event_ids), 0)),
      hint = 'Give 1 to 10000 ids of events. For more of them, wait for events that wait for a part each.';
  end if;
  select i into v_unseen from unnest(p_event_ids) i
    where i is null or not (exists (select from pgrelay.queue q where q.id = i) or exists (select from pgrelay.delayed d where d.id = i)
      or exists (select from pgrelay.failed f where f.id = i) or exists (select from pgrelay.log l where l.event_id = i))
    limit 1;
  if found then
    raise exception using errcode = 'PR028', message = format('there is no event %s to wait for', coalesce(v_unseen::text, 'NULL')),
      hint = 'It is not committed yet, was rolled back, or is older than the log.';
  end if;
  v_id := pgrelay.notify(p_channel, p_payload, pgrelay.clock_now() + interval '100 years', p_priority);
  update pgrelay.delayed d set run_at = 'infinity' where d.id = v_id;
  insert into pgrelay.awaited (waiter_id, event_id) select distinct v_id, i from unnest(p_event_ids) i;
  return v_id;
end $$;
