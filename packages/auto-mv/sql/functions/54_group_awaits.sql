-- Whether a group that is due had better wait for a view above it that is no member, as a view would (awaits_upstream): that
-- one is about to serve the same change as one of the members, or an older one, or has the same time of a schedule, and
-- would have the whole group refreshed once more. What cannot be refreshed within a minute is not waited for.
create or replace function pgauto_mv.group_awaits(p_group_id bigint, p_now timestamptz) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with recursive member as materialized (
    select g.mv_id, s.snap, o.fired_at from pgauto_mv.group_members(p_group_id) g
    join pgauto_mv.state s on s.mv_id = g.mv_id join pgauto_mv.observation o on o.mv_id = g.mv_id
  ), above (mv_id) as (
    select m.mv_id from member m
    union
    select u.id from above a
    join pgauto_mv.view_watch d on d.mv_id = a.mv_id
    join pgauto_mv.watch w on w.id = d.watch_id and w.operation = 'REFRESH'
    join pgauto_mv.mv u on u.view = w.relation
    join pgauto_mv.state s on s.mv_id = u.id
    where u.paused_at is null and s.failures = 0 and exists (select from pg_class c where c.oid = u.view)
      and not pgauto_mv.is_gated(u.id) and not (s.snap is null and pgauto_mv.installing(u.id))
      and (u.group_id is null or u.group_id = p_group_id or not exists (select from pgauto_mv.group_held(u.group_id) h where h.reason is not null) and not exists (
        select from pgauto_mv.mv o join pgauto_mv.state os on os.mv_id = o.id where o.group_id = u.group_id and os.failures > 0))
  ), lacks (root, fired_at) as (
    select min(r.root), max(m.fired_at) from member m cross join lateral pgauto_mv.unserved_root(m.mv_id, m.snap) r
  )
  select exists (
    select from lacks l cross join above a
    join pgauto_mv.state s on s.mv_id = a.mv_id
    join pgauto_mv.observation o on o.mv_id = a.mv_id
    where a.mv_id not in (select m.mv_id from member m) and (
      (s.claimed_until is not null or greatest(coalesce(o.due_at, p_now), (
          select r.until from pgauto_mv.mv x cross join lateral pgauto_mv.group_rest(x.group_id) r where x.id = a.mv_id and x.group_id is not null)) <= p_now + interval '1 min')
        and (select r.root from pgauto_mv.unserved_root(a.mv_id, s.snap) r) <= l.root
      or coalesce(o.fired_at, o.fire_at) <= l.fired_at
        and coalesce(coalesce(o.fired_at, o.fire_at) > s.done_at - s.done_duration, true)))
$$;
