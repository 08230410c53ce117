-- For explain_mv(): the group of a view, if it is in one.
create or replace function pgauto_mv.explain_group(p_mv_id bigint) returns table (topic text, object text, detail text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select 'group'::text, g.name, format('refreshed in one transaction, %s, in this order: %s',
      case g.mode when 'plain' then format('plainly since %s; readers of all of them wait', g.mode_reason) else 'CONCURRENTLY' end, array_to_string(g.members, ', '))
    || coalesce(format('; the last one took %s (%s)', g.last_refresh_duration, (
      select string_agg(format('%s %s', n, coalesce(c::text, '?')), ', ' order by place) from unnest(g.members, g.member_costs) with ordinality u(n, c, place))), '')
    || coalesce('; all show the instant ' || g.as_of, '; they do not all show one instant yet')
    || coalesce('; due at ' || g.due_at, '') || coalesce('; in the way: ' || g.skip_reason || coalesce(' (' || coalesce(g.held_by, g.failing) || ')', ''), '')
  from pgauto_mv.groups g where g.id = (select m.group_id from pgauto_mv.mv m where m.id = p_mv_id)
$$;
