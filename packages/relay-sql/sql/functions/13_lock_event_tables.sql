-- Keeps everybody else from writing channels and events until the caller's transaction ends; reading goes on. Waits for open
-- producers and workers, at most for the caller's lock_timeout (55P03).
-- Those take the same tables in any order (a producer may send a delayed event first and a ready one after), and a claim
-- holds rows under a weaker lock before it writes them. So this mode conflicts with SELECT FOR UPDATE, too, and a try that has
-- not all the tables after 200 ms gives back what it has and begins anew: it loses every deadlock, before one is looked for.
create or replace function pgrelay.lock_event_tables() returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_timeout text := current_setting('lock_timeout');
  v_left bigint := nullif((select s.setting::bigint from pg_settings s where s.name = 'lock_timeout'), 0);    -- ms; null: for ever
  v_try bigint;
begin
  loop
    v_try := least(200, v_left);
    begin
      perform set_config('lock_timeout', v_try::text, true);
      lock table pgrelay.channel, pgrelay.queue, pgrelay.delayed, pgrelay.dedup in exclusive mode;
      perform set_config('lock_timeout', v_timeout, true);
      return;
    exception when lock_not_available then
      v_left := v_left - v_try;
      if v_left <= 0 then
        raise;
      end if;
    end;
  end loop;
end $$;
