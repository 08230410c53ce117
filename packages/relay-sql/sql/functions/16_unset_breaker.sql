-- Takes a channel's circuit breaker away; what waited behind it runs. False when it had none. A breaker that a handler's
-- definition declares comes back when its Processor starts again. PR001 for an unknown channel.
create or replace function pgrelay.unset_breaker(p_channel text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id integer := pgrelay.rule_channel(p_channel);
begin
  update pgrelay.channel c set breaker = false where c.id = v_id and c.breaker;
  delete from pgrelay.breaker b where b.channel_id = v_id;
  if not found then
    return false;
  end if;
  perform pgrelay.hint('');
  return true;
end $$;
