-- Debounces a channel no more: what waits of it collapses once more, a key at a time, and runs at once. False when it was not debounced. What a
-- handler's definition declares comes back when its Processor starts again. PR001 for an unknown channel.
create or replace function pgrelay.unset_debounce(p_channel text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id integer := pgrelay.rule_channel(p_channel);
begin
  update pgrelay.channel c set debounced = false where c.id = v_id and c.debounced;
  delete from pgrelay.debounce b where b.channel_id = v_id;
  if not found then
    return false;
  end if;
  delete from pgrelay.debounce_key k where k.channel_id = v_id;
  perform pgrelay.hasten_marks(v_id);
  return true;
end $$;
