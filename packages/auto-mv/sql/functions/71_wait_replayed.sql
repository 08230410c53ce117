-- Waits on a standby until a view holds what a transaction did, at most until p_end; returns whether it does. The statement that
-- calls this has a snapshot, and the standby may have to hold back for it what it has received (a page that was cleaned
-- of rows which that snapshot still sees), with the refresh behind it: then the wait would keep away what it waits for, until
-- max_standby_streaming_delay ends it. So it returns false early when nothing has been replayed for 200 ms although something is there.
-- In no block with an EXCEPTION: in a subtransaction such a conflict ends the session and not only the statement.
create or replace function pgauto_mv.wait_replayed(p_mv_id bigint, p_token xid8, p_end timestamptz) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_replayed pg_lsn;
  v_since timestamptz;
begin
  loop
    if pgauto_mv.holds(p_mv_id, p_token) then
      return true;
    elsif pg_last_wal_replay_lsn() is distinct from v_replayed then
      v_replayed := pg_last_wal_replay_lsn();
      v_since := pgrelay.clock_now();
    elsif pg_last_wal_receive_lsn() > v_replayed and pgrelay.clock_now() > v_since + interval '200 ms' then
      return false;
    end if;
    if pgrelay.clock_now() >= p_end then
      return false;
    end if;
    perform pg_sleep(least(0.02, greatest(0, extract(epoch from p_end - pgrelay.clock_now()))));
  end loop;
end $$;
