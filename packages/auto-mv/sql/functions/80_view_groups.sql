-- One row per group: its members in the order in which they are refreshed, how they are, as of when their contents are (NULL while
-- they are not all of one instant), what the last refresh took, in all and by member, and when the next one is due or what is in
-- the way. failing: the member that failed last, until the group is refreshed.
create or replace view pgauto_mv.groups as
select g.id, g.name,
  m.names as members,
  o.mode, o.reason as mode_reason,
  case when m.instants = 1 and m.known then m.as_of end as as_of,
  m.dirty,
  m.done_at as last_refreshed_at, m.took as last_refresh_duration, m.cost, m.costs as member_costs, g.max_duration,
  d.due_at, d.source as due_source, d.skip_reason,
  (select pg_catalog.format('%I.%I', v.schema_name, v.view_name) from pgauto_mv.group_held(g.id) h join pgauto_mv.mv v on v.id = h.mv_id) as held_by,
  m.failing, g.plain, g.created_by, g.created_at
from pgauto_mv.mv_group g
left join lateral pgauto_mv.group_mode(g.id) o on true
left join lateral pgauto_mv.group_due(g.id) d on true
left join lateral (
  select pg_catalog.array_agg(pgauto_mv.relation_name(x.view) order by x.place) as names,
    count(distinct s.as_of) as instants, pg_catalog.bool_and(s.as_of is not null) as known, min(s.as_of) as as_of,
    pg_catalog.bool_or(f.dirty) as dirty, max(s.done_at) as done_at, max(s.done_duration) as took,
    sum(coalesce(s.done_cost, s.done_duration)) as cost,
    pg_catalog.array_agg(coalesce(s.done_cost, s.done_duration) order by x.place) as costs,
    max(pgauto_mv.relation_name(x.view)) filter (where s.failures > 0) as failing
  from pgauto_mv.group_members(g.id) x join pgauto_mv.state s on s.mv_id = x.mv_id join pgauto_mv.freshness f on f.id = x.mv_id) m on true;
