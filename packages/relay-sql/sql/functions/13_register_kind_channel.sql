-- Registers a leased handler channel of a kind, for the functions of a plugin: whatever Processor has the plugin serves it. The
-- same again changes nothing. PR005 when the channel exists and is of another kind or mode; one that has a handler by its name
-- is taken over with p_adopt only. Returns the channel's id.
create or replace function pgrelay.register_kind_channel(p_name text, p_kind text, p_adopt boolean default false) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_old pgrelay.channel;
  v_id integer;
begin
  lock table pgrelay.channel in share row exclusive mode;
  select c.* into v_old from pgrelay.channel c where c.name = p_name;
  if found and (v_old.mode <> 'leased' or coalesce(v_old.handler_kind, case when p_adopt then p_kind end, '') <> p_kind) then
    raise exception using errcode = 'PR005',
      message = format('channel %L is already registered, as %s', p_name,
        coalesce('one of kind ' || v_old.handler_kind, 'a ' || v_old.mode || ' ' || v_old.kind || ' channel')),
      hint = 'Choose another name, or drop the channel first with pgrelay.drop_channel().';
  end if;
  v_id := pgrelay.register_channel_as(p_name, null, 'leased', true, null, null, null, false, null);
  update pgrelay.channel c set handler_kind = p_kind where c.id = v_id and c.handler_kind is distinct from p_kind;
  if found then
    perform pgrelay.announce_channels();
  end if;
  return v_id;
end $$;
