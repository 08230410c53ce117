-- Takes a channel's limits away; what waited for them runs. False when it had none. Limits that a handler's definition declares come back
-- when its Processor starts again. PR001 for an unknown channel.
create or replace function pgrelay.unset_limits(p_channel text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id integer := pgrelay.rule_channel(p_channel);
begin
  update pgrelay.channel c set limited = false where c.id = v_id and c.limited;
  delete from pgrelay.channel_limit l where l.channel_id = v_id;
  if not found then
    return false;
  end if;
  perform pgrelay.hint('');
  return true;
end $$;
