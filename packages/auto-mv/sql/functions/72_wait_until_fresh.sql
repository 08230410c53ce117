-- Waits until a view holds what a transaction did (see is_fresh), at most p_timeout; returns whether it does. Asks for a
-- refresh as soon as the transaction has ended, without waiting for refresh_lag but keeping the cooldown, also when the
-- view's watches ignore what was written. Each look is one indexed row, every 5 to 50 ms, with a new snapshot.
-- On a standby it only waits, and returns false early when its own snapshot holds up the replay (wait_replayed): ask again.
-- Errors: PM004 not registered; PM011 in REPEATABLE READ or SERIALIZABLE, where no new snapshot would ever come;
-- PM012 when the token is the caller's own open transaction, which nothing can show before it commits.
create or replace function pgauto_mv.wait_until_fresh(view regclass, token xid8, timeout interval default interval '30 s') returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv_id bigint := pgauto_mv.find_mv(wait_until_fresh.view);
  v_end timestamptz := pgrelay.clock_now() + wait_until_fresh.timeout;
  v_pause double precision := 0.005;
  v_fresh boolean;
begin
  perform pgauto_mv.check_waiter(case when timeout is not null then token end);
  if pg_is_in_recovery() then
    return pgauto_mv.wait_replayed(v_mv_id, token, v_end);
  end if;
  begin
    loop
      v_fresh := pgauto_mv.holds(v_mv_id, token);
      exit when v_fresh or pgrelay.clock_now() >= v_end;
      if pg_visible_in_snapshot(token, pg_current_snapshot()) then
        perform pgauto_mv.post_wish(v_mv_id, token);
      end if;
      perform pg_sleep(least(v_pause, greatest(0, extract(epoch from v_end - pgrelay.clock_now()))));
      v_pause := least(v_pause * 1.5, 0.05);
    end loop;
    perform pgauto_mv.post_wish(v_mv_id, token, true);
    return coalesce(v_fresh, false);
  exception when query_canceled then
    perform pgauto_mv.post_wish(v_mv_id, token, true);
    raise;
  end;
end $$;
