-- The planner: looks at every view once, notes when changes were first and last seen, and asks for the refreshes that
-- are due. One at a time: the turn is a row lock that is skipped when taken. Writes only observation and log, and
-- never waits for a refresh, a registration or a writer.
-- Its plans are kept while the change log grows from nothing to millions of rows: hence never a sequential scan.
-- Returns the milliseconds until the next refresh is due, NULL when nothing is (a change may come at any time, so
-- callers look again after their own interval at the latest).
create or replace function pgauto_mv.plan_v1() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_view record;
  v_old pgauto_mv.observation;
  v_o pgauto_mv.observation;
  v_now timestamptz;
  v_due timestamptz;
  v_rest timestamptz;
  v_source text;
  v_busy boolean;
  v_next timestamptz;
  v_code text;
begin
  perform from pgauto_mv.planner p for update skip locked;
  if not found then
    return null;
  end if;
  v_now := pgrelay.clock_now();
  perform setval('pgauto_mv.planner_beat', (extract(epoch from v_now) * 1000)::bigint);

  for v_view in
    -- newest: the latest change of each watch, above all that its views have served. Only the pairs of view and watch
    -- that it can concern are looked into, by walks that end at the first hit: a change that is not in the contents
    -- (unserved), one that was not there either when the planner looked last (news). xid >= xmin is exact and keeps
    -- all of them off what is served and off dead rows.
    with newest as materialized (
      select b.watch_id, b.operation,
        (select c.xid from pgauto_mv.change c where c.watch_id = b.watch_id and c.xid >= b.low order by c.xid desc limit 1) as xid
      from (
        select w.id as watch_id, w.operation,
          min(coalesce(pg_snapshot_xmin(s.snap), pg_snapshot_xmin(o.seen_snap), '0')) as low
        from pgauto_mv.watch w
        join pgauto_mv.view_watch d on d.watch_id = w.id
        join pgauto_mv.state s on s.mv_id = d.mv_id
        join pgauto_mv.observation o on o.mv_id = d.mv_id
        group by w.id) b
    ), pair as materialized (
      select d.mv_id, n.operation,
        exists (select from pgauto_mv.change c where c.watch_id = d.watch_id
          and c.xid >= pg_snapshot_xmin(s.snap) and not pg_visible_in_snapshot(c.xid, s.snap)) as unserved,
        exists (select from pgauto_mv.change c where c.watch_id = d.watch_id
          and c.xid >= greatest(pg_snapshot_xmin(s.snap), pg_snapshot_xmin(o.seen_snap), '0')
          and (s.snap is null or not pg_visible_in_snapshot(c.xid, s.snap))
          and (o.seen_snap is null or not pg_visible_in_snapshot(c.xid, o.seen_snap))) as news
      from newest n
      join pgauto_mv.view_watch d on d.watch_id = n.watch_id
      join pgauto_mv.state s on s.mv_id = d.mv_id
      join pgauto_mv.observation o on o.mv_id = d.mv_id
      where n.xid >= coalesce(pg_snapshot_xmin(s.snap), pg_snapshot_xmin(o.seen_snap), '0')
    ), seen as (
      select p.mv_id, bool_or(p.unserved) as unserved, bool_or(p.news) as news,
        bool_and(p.operation = 'REFRESH') filter (where p.unserved) as chain
      from pair p group by p.mv_id
    )
    select m.id, m.paused_at, m.refresh_lag, m.max_wait, m.cooldown, s, o, pg_current_snapshot() as snap, w.token,
      s.snap is null or coalesce(n.unserved, false) as dirty, coalesce(n.news, false) as news, coalesce(n.chain, false) as chain
    from pgauto_mv.mv m
    join pgauto_mv.state s on s.mv_id = m.id
    join pgauto_mv.observation o on o.mv_id = m.id
    left join seen n on n.mv_id = m.id
    left join pgauto_mv.wanted() w on w.mv_id = m.id
    where s.snap is null or n.unserved or w.token is not null
      or o.first_seen is not null or o.skip_reason is not null or o.done_epoch is distinct from s.done_epoch
  loop
    v_old := v_view.o;
    v_o := v_old;
    v_now := pgrelay.clock_now();

    -- A refresh has committed since: what it did not serve was first seen during it, or is seen only now.
    if v_o.done_epoch is distinct from (v_view.s).done_epoch then
      v_o.first_seen := case when v_o.claim_epoch = (v_view.s).done_epoch then v_o.next_first end;
      v_o.last_seen := case when v_o.claim_epoch = (v_view.s).done_epoch then v_o.next_last end;
      v_o.done_epoch := (v_view.s).done_epoch;
    end if;
    if v_o.claim_epoch is distinct from (v_view.s).epoch then
      v_o.next_first := null;
      v_o.next_last := null;
      v_o.claim_epoch := (v_view.s).epoch;
    end if;
    if not v_view.dirty then
      v_o.first_seen := null;
      v_o.last_seen := null;
      v_o.next_first := null;
      v_o.next_last := null;
    elsif v_view.news or v_o.first_seen is null then
      v_o.first_seen := coalesce(v_o.first_seen, v_now);
      v_o.last_seen := v_now;
      v_o.dirtied_at := v_now;
      v_o.seen_snap := v_view.snap;
      if (v_view.s).claimed_until is not null then
        v_o.next_first := coalesce(v_o.next_first, v_now);
        v_o.next_last := v_now;
      end if;
    end if;

    -- When it is due, and for what reason; v_rest is the time before which nothing may happen.
    v_rest := (v_view.s).done_at + make_interval(secs => v_view.cooldown::double precision);
    if v_view.token is not null then
      v_due := v_now;
      v_source := 'wait';
    elsif (v_view.s).snap is null then
      v_due := v_o.first_seen;
      v_source := 'first';
    else
      v_due := pgauto_mv.due_at(v_o.first_seen, v_o.last_seen, null, v_view.refresh_lag, v_view.max_wait, v_view.cooldown);
      v_source := case when v_due < v_o.last_seen + make_interval(secs => v_view.refresh_lag::double precision) then 'max_wait'
        when v_view.chain then 'chain' else 'trigger' end;
    end if;
    if (v_view.s).failures > 0 then
      v_source := 'retry';
      v_rest := greatest(v_rest, (v_view.s).next_retry_at);
      if not (v_view.s).transient and v_view.token is null and not coalesce(v_o.last_seen >= (v_view.s).claimed_at, false) then
        v_due := null;
      end if;
    end if;

    -- A claim whose backend has ended may have ended well since the views were read: then they are read anew next time.
    v_busy := (v_view.s).claimed_until is not null and (pgauto_mv.claim_active(v_view.s, v_now) or not exists (
      select from pgauto_mv.state s where s.mv_id = v_view.id and s.claimed_until = (v_view.s).claimed_until));
    v_o.skip_reason := case
      when v_due is null and not v_view.dirty then null
      when v_view.paused_at is not null then 'paused'
      when v_busy then 'in progress'
      when v_due is null then 'failed; waits for the next change'
      when v_due > v_now or v_rest is null or v_rest <= v_now then null
      when (v_view.s).failures > 0 then 'backing off'
      else 'cooldown' end;
    v_due := case when v_due is not null then greatest(v_due, v_rest) end;
    if v_o.skip_reason in ('paused', 'in progress', 'failed; waits for the next change') then
      v_due := null;
    end if;
    v_o.due_at := v_due;
    -- On change only; and a refresh that serves everything seen so far puts nothing off.
    if v_o.skip_reason is distinct from v_old.skip_reason and (v_o.skip_reason <> 'in progress' or v_o.next_first is not null) then
      perform pgauto_mv.log_skip(v_view.id, v_source, v_o.skip_reason, (v_view.s).epoch);
    end if;

    if v_due <= v_now then
      -- Asked for already, and nobody has begun since: ask again only after 5 s, in case the event was cancelled.
      if v_o.requested_epoch is distinct from (v_view.s).epoch or v_o.requested_at < v_now - interval '5 s' then
        begin
          perform pgauto_mv.request_refresh(v_view.id, v_source, v_view.token, v_view.id::text);
          v_o.requested_epoch := (v_view.s).epoch;
          v_o.requested_at := v_now;
        exception when others then
          get stacked diagnostics v_code = returned_sqlstate;
          v_next := least(v_next, v_now + interval '1 s');
        end;
      end if;
    else
      v_next := least(v_next, v_due);
    end if;

    if v_o::text is distinct from v_old::text then          -- as text: pg_snapshot has no equality
      update pgauto_mv.observation o set seen_snap = v_o.seen_snap, first_seen = v_o.first_seen, last_seen = v_o.last_seen,
        next_first = v_o.next_first, next_last = v_o.next_last, claim_epoch = v_o.claim_epoch, done_epoch = v_o.done_epoch,
        dirtied_at = v_o.dirtied_at, due_at = v_o.due_at, skip_reason = v_o.skip_reason,
        requested_at = v_o.requested_at, requested_epoch = v_o.requested_epoch
      where o.mv_id in (select l.mv_id from pgauto_mv.observation l where l.mv_id = v_view.id for update skip locked);
    end if;
  end loop;

  update pgauto_mv.planner p set failed_sqlstate = v_code, failed_at = case when v_code is not null then v_now end
    where p.failed_sqlstate is distinct from v_code;
  return case when v_next is not null then greatest(1, ceil(extract(epoch from v_next - pgrelay.clock_now()) * 1000))::bigint end;
end $$;
