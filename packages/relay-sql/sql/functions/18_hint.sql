-- Wakes idle Processors when the caller commits, if one has armed the flag; otherwise costs a read of a sequence. Under load
-- nobody is idle and no NOTIFY is sent. p_what is the id of a channel that has a ready event, or '' to have everything looked at.
-- pgrelay.hint = off (per session or role) sends none: polling is the guarantee.
create or replace function pgrelay.hint(p_what text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(current_setting('pgrelay.hint', true), '') <> 'off'
     and pg_sequence_last_value('pgrelay.armed'::regclass) > extract(epoch from pgrelay.clock_now()) * 1000 then
    perform pg_notify('pgrelay', p_what);
  end if;
end $$;
