-- How a group can be refreshed now, all members alike, and why not CONCURRENTLY if not: a mixture would show two instants to
-- a reader with an older snapshot, since what a plain refresh writes is visible to him and the rest is not.
create or replace function pgauto_mv.group_mode(p_group_id bigint) returns table (mode text, reason text)
language sql stable security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
  select case when g.plain or p.why is not null then 'plain' else 'concurrently' end,
    case when g.plain then 'the group is refreshed plainly' else p.why end
  from pgauto_mv.mv_group g
  left join lateral (
    select format('%s of the group: %s', pgauto_mv.relation_name(m.view), r.reason) as why
    from pgauto_mv.group_members(g.id) m cross join lateral pgauto_mv.refresh_mode(m.view) r where r.mode = 'plain' order by m.place limit 1) p on true
  where g.id = p_group_id
$$;
