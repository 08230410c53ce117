-- Claims a view for one refresher, in a statement (and transaction) of its own, on the connection that will refresh.
--   p_source   why: first, trigger, max_wait, chain, schedule, safety, wait, retry, or now (an explicit request, which minds neither lag
--              nor cooldown nor pause, nor that a trigger is still to be put on)
--   p_token    of a wish or an explicit request: served when it is in every snapshot of the contents
--   p_statement_timeout   of a view that has none of its own; the claim holds a minute longer, a day when it is 0
-- outcome: go (epoch is the fence, pid the backend to cancel) | group (the view is in one: begin_group_refresh_v1) | gone | restored | fresh | paused | installing | gated |
-- in progress | cooldown | backing off; retry_ms says when a refused one may come again. A claim whose backend has ended is free at once. Never waits: a refresh that runs holds
-- the state row, which is skipped.
create or replace function pgauto_mv.begin_refresh_v1(p_mv_id bigint, p_source text, p_token xid8, p_statement_timeout interval)
returns table (outcome text, epoch bigint, pid integer, retry_ms bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv pgauto_mv.mv;
  v_state pgauto_mv.state;
  v_now timestamptz;
  v_until timestamptz;
  v_lease interval;
begin
  select m.* into v_mv from pgauto_mv.mv m where m.id = p_mv_id;
  if v_mv.id is not null and v_mv.node_id is distinct from pgauto_mv.node_here() then   -- its oids mean nothing here until the planner has looked
    perform pgauto_mv.log_skip(p_mv_id, p_source, 'restored');
    outcome := 'restored';
    retry_ms := 1000;
    return next;
    return;
  end if;
  if v_mv.id is null or not exists (select from pg_class c where c.oid = v_mv.view) then
    perform pgauto_mv.log_skip(p_mv_id, p_source, 'gone');
    outcome := 'gone';
    return next;
    return;
  end if;
  if v_mv.group_id is not null then                      -- never by itself
    outcome := 'group';
    retry_ms := 1000;                 -- for a Processor that knows no groups, and leaves an explicit request to one that does
    return next;
    return;
  end if;
  select s.* into v_state from pgauto_mv.state s where s.mv_id = p_mv_id for update skip locked;
  v_now := pgrelay.clock_now();
  if v_state.mv_id is null or pgauto_mv.claim_active(v_state, v_now) then
    outcome := 'in progress';
    v_until := v_now + interval '500 ms';
  elsif p_token is not null and pgauto_mv.holds(p_mv_id, p_token)
      or p_token is null and not pgauto_mv.is_dirty(p_mv_id, v_state.snap) and not pgauto_mv.is_overdue(v_mv, v_state,
        (select o.fired_at from pgauto_mv.observation o where o.mv_id = p_mv_id), v_now) then
    outcome := 'fresh';
  elsif p_source <> 'now' then
    v_until := v_state.done_at + make_interval(secs => case when v_mv.target_lag is null then v_mv.cooldown
      else coalesce((select (o.solved).cooldown from pgauto_mv.observation o where o.mv_id = p_mv_id), v_mv.cooldown) end::double precision);
    if v_mv.paused_at is not null then
      outcome := 'paused';
      v_until := null;
    elsif v_state.snap is null and pgauto_mv.installing(p_mv_id) then
      outcome := 'installing';
      v_until := null;
    elsif pgauto_mv.is_gated(p_mv_id) then
      outcome := 'gated';
      v_until := null;
    elsif v_state.next_retry_at > v_now then
      outcome := 'backing off';
      v_until := greatest(v_until, v_state.next_retry_at);
    elsif v_until > v_now then
      outcome := 'cooldown';
    end if;
  end if;
  if outcome is not null then
    perform pgauto_mv.log_skip(p_mv_id, p_source, outcome, v_state.epoch);
    retry_ms := ceil(extract(epoch from v_until - v_now) * 1000);
    return next;
    return;
  end if;
  v_lease := coalesce(v_mv.statement_timeout, p_statement_timeout);
  v_lease := case v_lease when '0' then interval '1 day' else v_lease + interval '1 min' end;
  update pgauto_mv.state s set epoch = s.epoch + 1, claimed_at = v_now, claimed_until = v_now + v_lease, claimed_pid = pg_backend_pid(),
      claimed_due = (select o.due_at from pgauto_mv.observation o where o.mv_id = p_mv_id),
      claimed_backend_start = (select a.backend_start from pg_stat_get_activity(pg_backend_pid()) a)
    where s.mv_id = p_mv_id returning 'go', s.epoch, s.claimed_pid into outcome, epoch, pid;
  return next;
end $$;
