-- Before the first refresh of a plain group: locks all its views (p_views). What a plain refresh writes is visible to an older
-- snapshot too, so nobody who has read one member may read another after the group's commit: the locks, which last until then,
-- keep the refresh away until he has ended, and who comes later waits and sees all of it new. Taken one by one, as each view is
-- refreshed, they would do that as well; but a reader would be found in the way only after half of the work, time and again.
-- REFRESH … WITH NO DATA takes that lock (LOCK TABLE takes no materialized view), with the right to refresh and nothing more.
-- A reader takes the views in any order, so this is all or nothing: after p_lock_timeout for all of them together (0: no limit) what
-- was locked is free again, and it is tried anew, p_tries times. Less than deadlock_timeout, so that no reader is ever
-- the victim of a deadlock. Most tries are an eighth of that: one who has a view and waits for another that is locked here
-- already will not let go of it for any longer wait; every fifth is whole, for one who only takes his time. Returns NULL, or the view that could not be had. Runs with the caller's right to refresh.
create or replace function pgauto_mv.lock_group_v1(p_views oid[], p_lock_timeout interval, p_tries integer default 20) returns oid
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_end timestamptz;
  v_view oid;
  v_busy oid;
begin
  for v_try in 1 .. p_tries loop
    v_end := clock_timestamp() + p_lock_timeout / case when v_try % 5 = 0 then 1 else 8 end;
    begin
      foreach v_view in array p_views loop
        v_busy := v_view;
        perform set_config('lock_timeout', case p_lock_timeout when '0' then '0'
          else greatest(1, ceil(extract(epoch from v_end - clock_timestamp()) * 1000))::text end, true);
        execute format('refresh materialized view %s with no data', pgauto_mv.relation_name(v_view));
      end loop;
      return null;
    exception when lock_not_available or deadlock_detected then
      null;
    end;
    if v_try < p_tries then
      perform pg_sleep(0.005 + random() * 0.02);          -- nobody waits meanwhile
    end if;
  end loop;
  return v_busy;
end $$;
