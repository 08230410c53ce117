-- The view of a registration whose functions are to be looked at before it is refreshed: it never was, or its last
-- refresh failed for their search_path (PM062); unmended when they are all as they were then. No row in any other case.
create or replace function pgauto_mv.unproven_view(p_mv_id bigint) returns table (view oid, unmended boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select m.view, s.failed_code = 'PM062' and s.failed_functions = pgauto_mv.unpinned_digest(m.view)
  from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id
  where m.id = p_mv_id and (s.refreshes = 0 or s.failed_code = 'PM062')
$$;
