-- The id of the channel that is to get the failures of another: '' is none. PR001 when it is not registered; PR004 when
-- its own failures would come back to the first, since one failing report would then make reports for ever.
create or replace function pgrelay.failure_channel(p_name text, p_on_failure text) returns integer
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id integer;
begin
  if p_on_failure = '' then
    return null;
  end if;
  select c.id into v_id from pgrelay.channel c where c.name = p_on_failure;
  if not found and p_on_failure <> p_name then
    raise exception using errcode = 'PR001', message = format('channel %L, named as p_on_failure of channel %L, is not registered', p_on_failure, p_name),
      hint = 'Register it first.';
  elsif p_on_failure = p_name or exists (
      with recursive chain as (
        select c.id, c.name, c.on_failure from pgrelay.channel c where c.id = v_id
        union select c.id, c.name, c.on_failure from pgrelay.channel c join chain on c.id = chain.on_failure)
      select from chain where chain.name = p_name) then
    raise exception using errcode = 'PR004', message = format('failures of channel %L would come back to it', p_name),
      hint = 'Let failures end in a channel that reports to none.';
  end if;
  return v_id;
end $$;
