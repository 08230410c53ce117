-- Lets views be refreshed at once whose last refresh failed because their functions have no search_path of their own
-- (PM062), when one of these has been altered since. Returns how many. Never waits.
create or replace function pgauto_mv.recheck_v1() returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with mended as (
    select s.mv_id from pgauto_mv.state s join pgauto_mv.mv m on m.id = s.mv_id
    where s.failed_code = 'PM062' and not s.transient and s.failed_functions is distinct from pgauto_mv.unpinned_digest(m.view)
    for update of s skip locked
  ), done as (
    update pgauto_mv.state s set transient = true, next_retry_at = pgrelay.clock_now() from mended d where s.mv_id = d.mv_id returning 1
  )
  select count(*) from done
$$;
