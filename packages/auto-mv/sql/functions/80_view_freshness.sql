-- One row per registered view: how fresh it is now, and how its refreshes went. Exact at the moment of the query, by the
-- planner's own rule; installing while a trigger is still to be put on; stale_since is when the oldest change that the contents lack was made.
-- last_root_lag: how old the oldest change in a table was that the last refresh brought, last_root_duration what the refreshes
-- from there to here took together.
-- as_of: all that was committed before it is in the contents, also by way of the materialized views they were read from.
create or replace view pgauto_mv.freshness as
select m.id, m.view, m.schema_name, m.view_name,
  s.snap is null or m.node_id is distinct from (select pgauto_mv.node_here()) or u.pending > 0 or pgauto_mv.is_gated(m.id) as dirty,
  case when s.snap is null or m.node_id is distinct from (select pgauto_mv.node_here()) then coalesce(s.done_at, m.registered_at) else u.since end as stale_since,
  coalesce(u.pending, 0) as pending_changes,
  o.due_at, o.skip_reason,
  s.claimed_until is not null as refreshing,
  s.done_at as last_refreshed_at, s.done_duration as last_refresh_duration, s.done_mode as last_refresh_mode, s.done_reason as last_refresh_reason,
  s.refreshes, s.failures, s.failed_sqlstate, s.failed_code, s.next_retry_at,
  m.refresh_lag, m.max_wait, m.cooldown, m.paused_at,
  exists (select from pgauto_mv.view_watch d join pgauto_mv.pending_trigger p on p.watch_id = d.watch_id where d.mv_id = m.id) as installing,
  s.done_root_lag as last_root_lag, s.done_root_duration as last_root_duration,
  s.as_of, (select g.name from pgauto_mv.mv_group g where g.id = m.group_id) as group_name
from pgauto_mv.mv m
join pgauto_mv.state s on s.mv_id = m.id
left join pgauto_mv.observation o on o.mv_id = m.id
left join lateral (
  select count(*) as pending, min(c.at) as since from pgauto_mv.view_watch d
  join pgauto_mv.change c on c.watch_id = d.watch_id and c.xid >= pg_catalog.pg_snapshot_xmin(s.snap)
    and not pg_catalog.pg_visible_in_snapshot(c.xid, s.snap)
  where d.mv_id = m.id) u on true;
