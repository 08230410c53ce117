-- In how many ms a verification may begin: when the budget allows one and a view's turn comes. 0: now; NULL: no view is registered.
create or replace function pgauto_mv.verify_wait_v1() returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select case when exists (select from pgauto_mv.verification v where pgauto_mv.verify_abandoned(v)) then 0 else greatest(0, least(86400000, ceil(extract(epoch from greatest(nullif(b.next_at, '-infinity'), x.next_at) - pgrelay.clock_now()) * 1000)))::bigint end
  from pgauto_mv.verifier b cross join (
    select min(coalesce(v.next_at, m.registered_at)) as next_at from pgauto_mv.mv m left join pgauto_mv.verification v on v.mv_id = m.id
    join pgauto_mv.state s on s.mv_id = m.id and s.refreshes > 0) x
  where x.next_at is not null
$$;
