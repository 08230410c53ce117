-- The time before which a group is not refreshed again (NULL: none), and for what reason: the longest cooldown of its members
-- after the last refresh, and the pause after the failure of any of them.
create or replace function pgauto_mv.group_rest(p_group_id bigint) returns table (until timestamptz, reason text)
language sql stable security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
  select greatest(max(s.done_at) + make_interval(secs => max(m.cooldown)::double precision), max(s.next_retry_at) filter (where s.failures > 0)),
    case when max(s.failures) > 0 then 'backing off' else 'cooldown' end
  from pgauto_mv.group_members(p_group_id) g join pgauto_mv.mv m on m.id = g.mv_id join pgauto_mv.state s on s.mv_id = g.mv_id
$$;
