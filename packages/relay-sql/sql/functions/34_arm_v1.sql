-- Keeps the flag armed for three more seconds. Nobody disarms it: it expires, so that one Processor cannot disarm another and
-- a crashed one costs three seconds of hints. Returns NULL when it was armed already, else the transactions that may still
-- commit an event without a hint (see holders_v1): the caller looks for work until they are gone.
create or replace function pgrelay.arm_v1() returns text[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now bigint := extract(epoch from pgrelay.clock_now()) * 1000;
  v_was bigint := (select a.last_value from pgrelay.armed a);
begin
  perform setval('pgrelay.armed', v_now + 3000, true);
  if v_was > v_now then
    return null;
  end if;
  return pgrelay.holders_v1();
end $$;
