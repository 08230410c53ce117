-- The planner: looks at every view once, notes when changes were first and last seen, and (p_ask) asks for the refreshes that
-- are due. One at a time: the turn is a row lock that is skipped when taken. Writes only observation and log, and
-- never waits for a refresh, a registration or a writer.
-- Returns the milliseconds until the next refresh is due, NULL when nothing is (a change may come at any time, so
-- callers look again after their own interval at the latest).
create or replace function pgauto_mv.plan_v1(p_ask boolean default true) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_view record;
  v_mv pgauto_mv.mv;
  v_state pgauto_mv.state;
  v_old pgauto_mv.observation;
  v_o pgauto_mv.observation;
  v_now timestamptz;
  v_due timestamptz;
  v_rest timestamptz;
  v_source text;
  v_began timestamptz;
  v_fire timestamptz;
  v_safety timestamptz;
  v_for_good boolean;
  v_waits boolean;
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
  if not pgauto_mv.adopt_restored() then
    return null;
  end if;

  for v_view in select * from pgauto_mv.look() loop
    v_mv := v_view.mv;
    v_state := v_view.state;
    v_old := v_view.observation;
    v_o := v_old;
    v_now := pgrelay.clock_now();

    -- A refresh has committed since: what it did not serve was first seen during it, or is seen only now.
    if v_o.done_epoch is distinct from v_state.done_epoch then
      v_o.first_seen := case when v_o.claim_epoch = v_state.done_epoch then v_o.next_first end;
      v_o.last_seen := case when v_o.claim_epoch = v_state.done_epoch then v_o.next_last end;
      v_o.done_epoch := v_state.done_epoch;
    end if;
    if v_o.claim_epoch is distinct from v_state.epoch then
      v_o.next_first := null;
      v_o.next_last := null;
      v_o.claim_epoch := v_state.epoch;
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
      if v_state.claimed_until is not null then
        v_o.next_first := coalesce(v_o.next_first, v_now);
        v_o.next_last := v_now;
      end if;
    end if;

    -- With a target the times are those that were solved for it.
    if v_mv.target_lag is not null then
      v_o := pgauto_mv.keep_target(v_mv, v_state, v_old, v_o);
      v_mv.refresh_lag := (v_o.solved).refresh_lag;
      v_mv.max_wait := (v_o.solved).max_wait;
      v_mv.cooldown := (v_o.solved).cooldown;
    end if;

    -- When it is due, and for what reason; v_rest is the time before which nothing may happen.
    v_rest := v_state.done_at + make_interval(secs => v_mv.cooldown::double precision);
    if v_view.token is not null then
      v_due := v_now;
      v_source := 'wait';
    elsif v_state.snap is null then
      v_due := v_o.first_seen;
      v_source := 'first';
    else
      v_due := pgrelay.due_at(v_o.first_seen, v_o.last_seen, null, make_interval(secs => v_mv.refresh_lag::double precision),
        make_interval(secs => v_mv.max_wait::double precision), make_interval(secs => v_mv.cooldown::double precision));
      v_source := case when v_due < v_o.last_seen + make_interval(secs => v_mv.refresh_lag::double precision) then 'max_wait'
        when v_view.chain then 'chain' else 'trigger' end;
    end if;
    v_for_good := v_state.failures > 0 and not v_state.transient;
    v_waits := v_for_good and v_view.token is null and not coalesce(v_o.last_seen >= v_state.claimed_at, false);
    if v_state.failures > 0 then
      v_source := 'retry';
      v_rest := greatest(v_rest, v_state.next_retry_at);
      if v_waits then
        v_due := null;
      end if;
    end if;

    -- A time of the schedule and the safety refresh count though nothing is seen to have changed; after a failure that
    -- waiting does not mend, only the next of them does.
    v_began := v_state.done_at - v_state.done_duration;
    if v_mv.schedule is not null or v_o.fire_spec is not null then
      v_o := pgauto_mv.observe_schedule(v_mv.schedule, v_began, v_o, v_now);
    end if;
    v_fire := case when v_for_good and v_o.fired_at <= v_state.claimed_at then v_o.fire_at else coalesce(v_o.fired_at, v_o.fire_at) end;
    v_safety := case when v_for_good then v_state.claimed_at else v_began end + v_mv.safety_refresh;
    if (v_due is null or v_source not in ('wait', 'first')) and least(v_fire, v_safety) < coalesce(v_due, 'infinity') then
      v_due := least(v_fire, v_safety);
      v_source := case when v_state.failures > 0 and v_due <= v_state.claimed_at then 'retry' when v_due = v_fire then 'schedule' else 'safety' end;
    end if;

    -- Two statements, in this order: a refresh that commits and whose backend ends between them is seen by the second,
    -- which has the younger snapshot; then the view is read anew next time.
    v_busy := v_state.claimed_until is not null and pgauto_mv.claim_active(v_state, v_now);
    v_busy := v_busy or v_state.claimed_until is not null and not exists (
      select from pgauto_mv.state s where s.mv_id = v_mv.id and s.claimed_until = v_state.claimed_until);
    v_o.skip_reason := case
      when not v_view.dirty and (v_due is null or v_due > v_now) then null
      when v_mv.paused_at is not null then 'paused'
      when v_state.snap is null and pgauto_mv.installing(v_mv.id) then 'installing'
      when pgauto_mv.is_gated(v_mv.id) then 'gated'
      when v_busy then case when v_o.next_first is not null then 'in progress' end   -- else it serves all that was seen
      when v_waits and (v_due is null or v_due > v_now) then 'failed; waits for the next change'
      when v_due > v_now then null
      when v_rest is null or v_rest <= v_now then case when v_view.linked and v_source not in ('wait', 'max_wait', 'retry')
        and not coalesce(v_mv.max_wait > 0 and v_o.first_seen + make_interval(secs => v_mv.max_wait::double precision) <= v_now, false)
        and pgauto_mv.awaits_upstream(v_mv.id, v_state.snap, v_o.fired_at, v_now) then 'upstream first' end
      when v_state.failures > 0 then 'backing off'
      else 'cooldown' end;
    v_due := case when v_due is not null then greatest(v_due, v_rest) end;
    if v_busy or v_mv.paused_at is not null or v_o.skip_reason in ('installing', 'gated') then
      v_due := null;
    end if;
    v_o.due_at := v_due;
    v_o.due_source := case when v_due is not null then v_source end;
    if v_o.skip_reason is not null and v_o.skip_reason is distinct from v_old.skip_reason then
      perform pgauto_mv.log_skip(v_mv.id, v_source, v_o.skip_reason, v_state.epoch);
    end if;

    if v_o.skip_reason = 'upstream first' or v_mv.group_id is not null then
      null;                           -- the refresh it waits for brings it up again, the next look at the latest; a group is asked for below
    elsif v_due <= v_now and p_ask then
      -- Asked for already, and nobody has begun since: ask again only after 5 s, in case the event was cancelled.
      if v_o.requested_epoch is distinct from v_state.epoch or v_o.requested_at < v_now - interval '5 s' then
        begin
          perform pgauto_mv.request_refresh(v_mv.id, v_source, v_view.token, v_mv.id::text);
          v_o.requested_epoch := v_state.epoch;
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
        dirtied_at = v_o.dirtied_at, due_at = v_o.due_at, due_source = v_o.due_source, skip_reason = v_o.skip_reason, fire_spec = v_o.fire_spec,
        fire_zone = v_o.fire_zone, fire_at = v_o.fire_at, fired_at = v_o.fired_at,
        requested_at = v_o.requested_at, requested_epoch = v_o.requested_epoch, pauses = v_o.pauses, solved = v_o.solved
      where o.mv_id in (select l.mv_id from pgauto_mv.observation l where l.mv_id = v_mv.id for update skip locked);
    end if;
  end loop;

  v_next := least(v_next, (select min(o.due_at) from pgauto_mv.observation o where o.due_at > v_now));   -- also of views in order
  select least(v_next, g.next_at), coalesce(v_code, g.failed_sqlstate) into v_next, v_code from pgauto_mv.plan_groups(p_ask) g;
  update pgauto_mv.planner p set failed_sqlstate = v_code, failed_at = case when v_code is not null then v_now end
    where p.failed_sqlstate is distinct from v_code;
  return case when v_next is not null then greatest(1, ceil(extract(epoch from v_next - pgrelay.clock_now()) * 1000))::bigint end;
end $$;
