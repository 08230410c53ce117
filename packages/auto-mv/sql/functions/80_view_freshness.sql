-- One row per registered view: how fresh it is now, and how its refreshes went. Exact at the moment of the query, by the
-- planner's own rule; installing while a trigger is still to be put on; stale_since is when the oldest change that the contents lack was made.
-- last_root_lag: how old the oldest change in a table was that the last refresh brought, last_root_duration what the refreshes
-- from there to here took together.
-- refresh_lag, max_wait and cooldown are those in force: with a target_lag, those solved for it. achieved_lag is last_root_lag in 95 %
-- of the last 20 refreshes.
-- verified_until: up to when contents and query are known to have been equal; verification, verification_reason: what the last try to
-- compare them came to (see end_verify_v1).
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
  case when m.target_lag is null then m.refresh_lag else coalesce((o.solved).refresh_lag, m.refresh_lag) end as refresh_lag,
  case when m.target_lag is null then m.max_wait else coalesce((o.solved).max_wait, m.max_wait) end as max_wait,
  case when m.target_lag is null then m.cooldown else coalesce((o.solved).cooldown, m.cooldown) end as cooldown,
  m.paused_at,
  exists (select from pgauto_mv.view_watch d join pgauto_mv.pending_trigger p on p.watch_id = d.watch_id where d.mv_id = m.id) as installing,
  s.done_root_lag as last_root_lag, s.done_root_duration as last_root_duration,
  m.target_lag, m.cpu_share,
  (select pg_catalog.percentile_disc(0.95) within group (order by l.root_lag) from (
    select l.root_lag from pgauto_mv.log l where l.mv_id = m.id and l.kind = 'attempt' and l.outcome = 'done' order by l.id desc limit 20) l) as achieved_lag,
  y.verified_until, y.outcome as verification, y.reason as verification_reason,
  s.as_of, (select g.name from pgauto_mv.mv_group g where g.id = m.group_id) as group_name
from pgauto_mv.mv m
join pgauto_mv.state s on s.mv_id = m.id
left join pgauto_mv.observation o on o.mv_id = m.id
left join pgauto_mv.verification y on y.mv_id = m.id
left join lateral (
  select count(*) as pending, min(c.at) as since from pgauto_mv.view_watch d
  join pgauto_mv.change c on c.watch_id = d.watch_id and c.xid >= pg_catalog.pg_snapshot_xmin(s.snap)
    and not pg_catalog.pg_visible_in_snapshot(c.xid, s.snap)
  where d.mv_id = m.id) u on true;
