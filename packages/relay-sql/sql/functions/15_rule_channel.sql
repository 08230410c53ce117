-- The id of the channel that a rule or a breaker is for; NULL, every channel, is itself. PR001 when it is not registered.
create or replace function pgrelay.rule_channel(p_name text) returns integer
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id integer;
begin
  if p_name is null then
    return null;
  end if;
  select c.id into v_id from pgrelay.channel c where c.name = p_name;
  if not found then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_name),
      hint = 'The view pgrelay.channels lists what is registered.';
  end if;
  return v_id;
end $$;
