-- Whether a view that is due had better wait, because a view above it (one that it reads or is chained behind, also through
-- others) is about to serve what it would serve without it, and would have it refreshed once more: so the views of a
-- diamond, and one that reads both a table and a view of it, are refreshed once for one write.
-- What counts is the transaction at the root: a view above waits for is one that lacks the same or an older one. Each can
-- serve that only once, so constant writes starve nobody. p_fired_at: the time of a schedule for which the view is due;
-- a view above with the same time comes first.
-- One that cannot or will not be refreshed within a minute is not waited for, nor what is above it alone: it failed, is
-- paused, gated, still to get a trigger, or gone, or another view of its group is; so a failing view stops none below that
-- has other sources. Views of the same group are no reason to wait: they are refreshed with it, in order.
create or replace function pgauto_mv.awaits_upstream(p_mv_id bigint, p_snap pg_snapshot, p_fired_at timestamptz, p_now timestamptz) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with recursive above (mv_id) as (
    select p_mv_id
    union
    select u.id from above a
    join pgauto_mv.view_watch d on d.mv_id = a.mv_id
    join pgauto_mv.watch w on w.id = d.watch_id and w.operation = 'REFRESH'
    join pgauto_mv.mv u on u.view = w.relation
    join pgauto_mv.state s on s.mv_id = u.id
    where u.paused_at is null and s.failures = 0 and exists (select from pg_class c where c.oid = u.view)
      and not pgauto_mv.is_gated(u.id) and not (s.snap is null and pgauto_mv.installing(u.id))
      and (u.group_id is null or not exists (select from pgauto_mv.group_held(u.group_id) h where h.reason is not null) and not exists (
        select from pgauto_mv.mv o join pgauto_mv.state os on os.mv_id = o.id where o.group_id = u.group_id and os.failures > 0))
  )
  select exists (
    select from above a
    join pgauto_mv.state s on s.mv_id = a.mv_id
    join pgauto_mv.observation o on o.mv_id = a.mv_id
    where a.mv_id <> p_mv_id and not exists (
      select from pgauto_mv.mv x join pgauto_mv.mv y on y.group_id = x.group_id where x.id = a.mv_id and y.id = p_mv_id) and (
      (s.claimed_until is not null or greatest(coalesce(o.due_at, p_now), (
          select r.until from pgauto_mv.mv x cross join lateral pgauto_mv.group_rest(x.group_id) r where x.id = a.mv_id and x.group_id is not null)) <= p_now + interval '1 min')
        and (select r.root from pgauto_mv.unserved_root(a.mv_id, s.snap) r) <= (select r.root from pgauto_mv.unserved_root(p_mv_id, p_snap) r)
      or coalesce(o.fired_at, o.fire_at) <= p_fired_at
        and coalesce(coalesce(o.fired_at, o.fire_at) > s.done_at - s.done_duration, true)))
$$;
