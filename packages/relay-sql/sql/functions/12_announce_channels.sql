-- Tells Processors, at commit, that a channel was registered, changed or dropped, so that they look anew at once. Nothing with
-- pgrelay.hint = off: they then find out within minutes.
create or replace function pgrelay.announce_channels() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('pgrelay.hint', true), '') <> 'off' then
    perform pg_notify('pgrelay', 'channels');
  end if;
end $$;
