-- How fresh registered views are now, and what comes next: one row per view, or of p_view alone. Also on a standby, as of
-- what it has replayed. Error: PM004.
--   fresh                   no committed change is missing, in the view or in a materialized view that it reads
--   stale_since             when the oldest change that is missing was made; of a view never refreshed, the registration
--   unserved_transactions   committed transactions whose changes of its own sources are missing
--   open_transactions       that hold the lock of a writer on a source and have not ended (prepared ones too):
--                           what they wrote comes when they commit. NULL on a standby, where nobody can tell
--   due_at                  when the next refresh is due, NULL when none is
--   due_reason              why: first, trigger, max_wait, chain, wait, retry and so on (see the log); or what is in the
--                           way: paused, refreshing, cooldown, backing off, and so on; "upstream" when the view itself
--                           lacks nothing, "not planned yet" when no planner has looked since the change
--   verified                nothing speaks against the answer; else doubt says what does
create or replace function pgauto_mv.freshness_mv(p_view regclass default null) returns table (
  view_name text, fresh boolean, stale_since timestamptz, unserved_transactions bigint, open_transactions bigint,
  due_at timestamptz, due_reason text, last_refreshed_at timestamptz, verified boolean, doubt text
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if p_view is not null then
    perform pgauto_mv.find_mv(p_view);
  end if;
  return query
  with own as materialized (
    select m.id, m.view, m.node_id is distinct from (select pgauto_mv.node_here()) as foreign_node,
      s.snap is null or m.node_id is distinct from (select pgauto_mv.node_here()) or pgauto_mv.is_gated(m.id) as unknown, u.n, u.since, s.done_at, m.registered_at
    from pgauto_mv.mv m
    join pgauto_mv.state s on s.mv_id = m.id
    cross join lateral (
      select count(distinct c.xid) as n, min(c.at) as since from pgauto_mv.view_watch d
      join pgauto_mv.change c on c.watch_id = d.watch_id and c.xid >= pg_snapshot_xmin(s.snap) and not pg_visible_in_snapshot(c.xid, s.snap)
      where d.mv_id = m.id) u
  ), stale as (
    select o.id, o.view, case when o.unknown then coalesce(o.done_at, o.registered_at) else o.since end as since
    from own o where o.unknown or o.n > 0
  ), upstream as (
    select o.id, min(t.since) as since, bool_or(k.id is null) as unregistered
    from own o cross join lateral pgauto_mv.read_by(o.view, true) b
    left join own k on k.view = b.relation
    left join stale t on t.view = b.relation
    where b.kind = 'm' group by o.id
  ), held as materialized (
    select l.locktype, l.relation, l.virtualtransaction as transaction, l.mode from pg_locks l
    where l.granted and l.locktype in ('relation', 'transactionid') and not pg_is_in_recovery()
      and (l.database is null or l.database = (select d.oid from pg_database d where d.datname = current_database()))
  ), writing as (
    select distinct h.relation, h.transaction from held h
    where h.locktype = 'relation' and h.mode in ('RowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      and exists (select from held x where x.locktype = 'transactionid' and x.mode = 'ExclusiveLock' and x.transaction = h.transaction)
  )
  select coalesce(pgauto_mv.relation_name(m.view), format('%I.%I', m.schema_name, m.view_name)),
    t.id is null and up.since is null,
    least(t.since, up.since),
    o.n,
    case when not pg_is_in_recovery() then (
      select count(distinct w.transaction) from pgauto_mv.view_watch d
      join pgauto_mv.watch k on k.id = d.watch_id join writing w on w.relation = k.relation where d.mv_id = m.id) end,
    b.due_at,
    case when m.paused_at is not null then 'paused'
      when s.claimed_until is not null then 'refreshing'
      when b.skip_reason is not null then b.skip_reason
      when b.due_at is not null then b.due_source
      when t.id is not null then 'not planned yet'
      when up.since is not null then 'upstream' end,
    s.done_at,
    x.doubt is null,
    x.doubt
  from pgauto_mv.mv m
  join pgauto_mv.state s on s.mv_id = m.id
  join own o on o.id = m.id
  left join pgauto_mv.observation b on b.mv_id = m.id
  left join stale t on t.id = m.id
  left join upstream up on up.id = m.id
  cross join lateral (select case
    when o.foreign_node then 'restored from another cluster, and not refreshed here yet'
    when s.snap is null then 'not refreshed since it was registered, or since something it depends on changed'
    when pgauto_mv.is_gated(m.id) then 'a source is gated for a bulk load'
    when up.unregistered then 'reads a materialized view that is not registered'
    when s.basis is distinct from pgauto_mv.basis(m.id, m.view) then 'a view it reads was replaced, or a trigger it relies on was off' end as doubt) x
  where p_view is null or m.view = p_view
  order by 1;
end $$;
