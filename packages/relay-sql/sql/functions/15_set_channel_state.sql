-- The one place where a channel's state changes. active: events run; paused: notify() succeeds and events wait;
-- disabled: notify() raises PR002 in the caller's transaction, and what waits goes on waiting. Events that run now
-- finish. Idempotent.
create or replace function pgrelay.set_channel_state(p_name text, p_state text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update pgrelay.channel c set state = p_state where c.name = p_name;
  if not found then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_name),
      hint = 'The view pgrelay.channels lists what is registered.';
  end if;
  perform pgrelay.announce_channels();
end $$;
