-- Which of the refreshes that run in these backends are to be cancelled for the sake of others, and for whose: DDL (or
-- whatever else wants a lock that the refresh of a view or its query keeps from it) that has waited for p_patience. One
-- that waits itself for somebody who waits for it is cancelled at once: the server would break that deadlock within
-- deadlock_timeout, and its victim might be the other one.
-- The readers of a view that is refreshed plainly are let wait twice as long after each failure, or a view that somebody
-- always reads would never be refreshed. Another refresh, ours or one by hand CONCURRENTLY, may wait: it wants the same.
-- pg_blocking_pids() stops the lock manager for a moment, so it is asked only about those who wait for a relation that a
-- refresh has locked, and about everybody only while a refresh waits itself.
create or replace function pgauto_mv.blocked_by_refresh_v1(p_pids integer[], p_patience interval) returns table (pid integer, reason text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with recursive locks as materialized (
    select l.pid, l.locktype, l.database, l.relation, l.mode, l.granted, l.waitstart from pg_locks l where l.pid is not null
  ), waiting as materialized (
    select w.pid, w.locktype, w.relation, w.mode, w.waitstart, pg_blocking_pids(w.pid) as blockers
    from locks w where not w.granted and (
      exists (select from locks r where r.pid = any (p_pids) and not r.granted)
      or w.locktype = 'relation' and exists (select from locks h
        where h.pid = any (p_pids) and h.locktype = 'relation' and h.database = w.database and h.relation = w.relation))
  ), edge (waiter, blocker) as (
    select distinct w.pid, b.pid from waiting w cross join lateral unnest(w.blockers) b(pid)
  ), path (origin, at) as (
    select e.waiter, e.blocker from edge e where e.waiter = any (p_pids)
    union
    select p.origin, e.blocker from path p join edge e on e.waiter = p.at
  ), refreshing as (
    select s.claimed_pid as pid, array_agg(m.view) as views, max(s.failures) as failures,   -- several views: a group
      s.claimed_pid in (select p.at from path p where p.origin = s.claimed_pid) as deadlocked
    from pgauto_mv.state s join pgauto_mv.mv m on m.id = s.mv_id where s.claimed_until is not null group by s.claimed_pid
  )
  select distinct on (r.pid) r.pid,
    format('%s on %s is awaited', w.mode, coalesce(pgauto_mv.relation_name(w.relation), w.locktype)) || case when r.deadlocked then ', in a deadlock' else '' end
  from refreshing r join waiting w on r.pid = any (w.blockers)
  where r.pid = any (p_pids) and (r.deadlocked
    or w.locktype = 'relation' and not (w.relation = any (r.views) and w.mode = 'ExclusiveLock')
      and not exists (select from refreshing o where o.pid = w.pid)
      and w.waitstart < clock_timestamp() - p_patience *
        case when w.relation = any (r.views) and w.mode = 'AccessShareLock' then power(2, least(r.failures, 20)) else 1 end)
  order by r.pid, w.waitstart
$$;
