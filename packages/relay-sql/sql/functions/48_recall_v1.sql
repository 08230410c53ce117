-- Whether an effect of an event was recorded, and its result. Asked before the effect is made, and refused (PR009) to a
-- Processor that no longer holds the event: it must not make effects any more.
create or replace function pgrelay.recall_v1(p_slot smallint, p_epoch bigint, p_event_id bigint, p_name text, out recorded boolean, out result jsonb)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if octet_length(p_name) not between 1 and 200 then
    raise exception using errcode = 'PR004', message = 'the name of an effect is not between 1 and 200 octets long',
      hint = 'Name the effect, not the data: ctx.once(''receipt'', …).';
  elsif not exists (select from pgrelay.queue q where q.id = p_event_id and q.slot = p_slot and q.epoch = p_epoch) then
    raise exception using errcode = 'PR009', message = format('event %s is no longer held by slot %s in epoch %s', p_event_id, p_slot, p_epoch),
      hint = 'Its Processor was declared dead; another runs the event.';
  end if;
  select e.result into result from pgrelay.effect e where e.event_id = p_event_id and e.name = p_name;
  recorded := found;
end $$;
