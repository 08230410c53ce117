-- Takes away what has expired, once a second, whoever looks: also of channels that are paused or that nobody serves. The marks are those of
-- the caller, so that dead rows below them are not read.
create or replace function pgrelay.expire_soon(p_channels integer[] default '{}', p_priorities smallint[] default '{}', p_lows bigint[] default '{}') returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_ms bigint := floor(extract(epoch from pgrelay.clock_now()) * 1000);
begin
  if (select s.last_value not between v_ms - 999 and v_ms from pgrelay.expiry_beat s) then       -- the clock may have been set back
    perform setval('pgrelay.expiry_beat', v_ms);
    perform pgrelay.expire_events(null, p_priorities, p_lows, 1000, p_channels);
  end if;
end $$;
