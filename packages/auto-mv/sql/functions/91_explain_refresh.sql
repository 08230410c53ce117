-- For explain_mv(): what of it nothing can watch, what is refreshed before it, how fresh a view is, when its next refresh is due and why, and what that will be.
create or replace function pgauto_mv.explain_refresh(p_mv_id bigint) returns table (topic text, object text, detail text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with recursive above (mv_id, depth) as (
    select p_mv_id, 0
    union
    select u.id, a.depth + 1 from above a
    join pgauto_mv.view_watch d on d.mv_id = a.mv_id
    join pgauto_mv.watch w on w.id = d.watch_id and w.operation = 'REFRESH'
    join pgauto_mv.mv u on u.view = w.relation
  ), mv as (
    select m.*, s.done_at, s.done_duration, s.done_mode, s.done_root_lag, s.refreshes, s.failures, coalesce(pgauto_mv.relation_name(m.view), format('%I.%I', m.schema_name, m.view_name)) as name
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.id = p_mv_id
  ), now as (
    select f.* from mv v cross join lateral pgauto_mv.freshness_mv(v.view::regclass) f where exists (select from pg_class c where c.oid = v.view)
  )
  select x.topic, x.object, x.detail from (
    select 0 as place, 0 as depth, 'unwatchable' as topic, u.object, u.reason as detail from mv v cross join lateral pgauto_mv.unwatchable(v.view) u
    union all
    select 1, max(a.depth), 'above', format('%I.%I', m.schema_name, m.view_name),
      case when max(a.depth) = 1 then 'refreshed first' else format('refreshed first, %s steps above', max(a.depth)) end
    from above a join pgauto_mv.mv m on m.id = a.mv_id where a.mv_id <> p_mv_id group by m.id
    union all
    select 2, 0, 'state', v.name, case when n.fresh then 'fresh' else format('stale since %s; transactions it has yet to serve: %s', n.stale_since, n.unserved_transactions) end
        || coalesce('; in doubt: ' || n.doubt, '') || case when v.refreshes = 0 then '; never refreshed here' else format(
          '; refreshed %s times, last at %s, %s, in %s%s', v.refreshes, v.done_at, v.done_mode, v.done_duration, coalesce(', ' || v.done_root_lag || ' after the change', '')) end
    from mv v cross join now n
    union all
    select 2, -1, 'verified', v.name, case when y.verified_until is not null then format('contents equalled the query at %s', y.verified_until) else 'never compared with its query yet' end
        || case when y.outcome = 'differs' then '; then they differed: see pgauto_mv.incidents' when y.outcome <> 'equal' then format('; last try at %s: %s (%s)', y.tried_at, y.outcome, y.reason) else '' end
    from mv v left join pgauto_mv.verification y on y.mv_id = v.id
    union all
    select 3, 0, 'next refresh', v.name, case
        when n.due_at is not null and n.due_reason = (select o.due_source from pgauto_mv.observation o where o.mv_id = v.id) then format('due at %s (%s)', n.due_at, n.due_reason)
        when n.due_at is not null then format('due at %s, in the way: %s', n.due_at, n.due_reason)
        when n.due_reason is not null then format('not due: %s', n.due_reason)
        else 'none is due: nothing has changed' end
      || format('; %s s after the last change%s, not sooner than %s s after the one before%s%s', e.refresh_lag,
        case when e.max_wait > 0 then format(', at most %s s after the first', e.max_wait) else '' end, e.cooldown,
        coalesce('; by the schedule ' || v.schedule, ''), coalesce('; at least every ' || v.safety_refresh, ''))
    from mv v cross join now n join pgauto_mv.freshness e on e.id = v.id
    union all
    select 4, 0, 'plan', v.name, format('refresh materialized view %s%s%s', case r.mode when 'concurrently' then 'concurrently ' else '' end, v.name,
        case when r.reason is not null then format(': not CONCURRENTLY, since %s; readers wait for it', r.reason) else ': readers do not wait' end)
      || coalesce('; statement_timeout ' || v.statement_timeout, '') || coalesce('; lock_timeout ' || v.lock_timeout, '') || coalesce('; work_mem ' || v.work_mem, '')
      || coalesce((select format('; the last %s took %s on average', count(*), avg(l.duration)) from (
        select l.duration from pgauto_mv.log l where l.mv_id = v.id and l.kind = 'attempt' and l.outcome = 'done' order by l.id desc limit 5) l having count(*) > 0), '')
    from mv v cross join lateral pgauto_mv.refresh_mode(v.view) r) x
  order by x.place, x.depth desc, x.object
$$;
