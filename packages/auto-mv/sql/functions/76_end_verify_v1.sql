-- Ends a verification, after its transaction: gives the claim back, notes what it found and, where contents and query differ,
-- makes an incident and the view dirty.
--   p_outcome   equal, differs (twice, in two snapshots), or why it told nothing: as enter_verify_v1 says, or rewritten (see
--               verify_rewritten_v1), unconfirmed (it differed, and could not be looked at again), gave way; NULL: p_sqlstate says
--   p_as_of, p_contents_epoch, p_basis   of the last snapshot, as enter_verify_v1 said
--   p_share     the share of the time of one connection that verifying may take, above 0 up to 1: the next begins after a
--               pause that is in proportion. NULL: it was asked for, and costs the budget nothing
--   p_every     how long a view is left alone after a verification that told something, or never will
-- Returns the outcome, which may be another by now: in doubt (what it reads was replaced during the comparison), not repeatable (see order_dependent).
-- Of an error: not allowed, busy, too expensive (it ran into p_timeout), failed. Nothing is written when the claim was not ours any more.
create or replace function pgauto_mv.end_verify_v1(
  p_mv_id bigint, p_epoch bigint, p_outcome text, p_reason text, p_sqlstate text, p_as_of pg_snapshot, p_contents_epoch bigint, p_basis text,
  p_view_rows bigint, p_missing bigint, p_surplus bigint, p_share double precision, p_every interval
) returns table (outcome text, reason text, incident bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_outcome text;
  v_reason text;
  v_incident bigint;
  v_now timestamptz := pgrelay.clock_now();
  v_old pgauto_mv.verification;
  v_mv pgauto_mv.mv;
  v_state pgauto_mv.state;
  v_order text;
  v_told boolean;
begin
  select v.* into v_old from pgauto_mv.verification v where v.mv_id = p_mv_id and v.epoch = p_epoch and v.claimed_until is not null for update;
  select m.* into v_mv from pgauto_mv.mv m where m.id = p_mv_id;
  if v_old.mv_id is null or v_mv.id is null then
    outcome := 'gone';
    return next;
    return;
  end if;
  select s.* into v_state from pgauto_mv.state s where s.mv_id = p_mv_id;
  v_outcome := coalesce(p_outcome, case when p_sqlstate = '42501' then 'not allowed' when p_sqlstate = '55P03' or p_sqlstate ~ '^40' then 'busy'
    when p_sqlstate = '57014' then 'too expensive' else 'failed' end);
  v_reason := coalesce(p_reason, case v_outcome when 'not allowed' then 'who compares may not read the view, or all that its query reads'
    when 'too expensive' then 'the comparison took longer than its timeout' when 'busy' then 'somebody locks what it reads'
    when 'failed' then 'the query failed with ' || p_sqlstate end);
  if v_outcome = 'differs' then
    v_order := pgauto_mv.order_dependent(v_mv.view);
    if p_basis is distinct from pgauto_mv.basis(p_mv_id, v_mv.view) then
      v_outcome := 'in doubt';
      v_reason := 'what it reads was replaced, a partition came or went, or a trigger was off';
    elsif v_order is not null then
      v_outcome := 'not repeatable';
      v_reason := format('its query need not give the same rows again: %s', v_order);
    else
      insert into pgauto_mv.incident (mv_id, view_name, found_at, as_of, contents_at, view_rows, rows_missing, rows_surplus, query_digest, cause)
        select p_mv_id, format('%I.%I', v_mv.schema_name, v_mv.view_name), v_now, p_as_of, case when v_state.done_epoch is not distinct from p_contents_epoch then v_state.done_at end,
          p_view_rows, p_missing, p_surplus, md5(pg_get_viewdef(v_mv.view)), pgauto_mv.suspect_cause(p_mv_id)
        returning id into v_incident;
      v_reason := format('rows missing: %s, surplus: %s', p_missing, p_surplus);
    end if;
  end if;
  v_told := v_outcome in ('equal', 'differs');
  update pgauto_mv.verification v set claimed_until = null, tried_at = v_now, outcome = v_outcome, reason = v_reason, sqlstate = p_sqlstate,
      tries = case when v_told then 0 else v.tries + 1 end,
      next_at = v_now + case when v_outcome in ('equal', 'excluded', 'not allowed', 'not repeatable', 'failed') then p_every
        when v_outcome = 'too expensive' then greatest(p_every, least(interval '1 day', p_every * power(2, least(v.tries, 20))))
        when v_outcome = 'differs' then least(p_every, interval '10 s')
        else least(p_every, interval '5 s' * power(2, least(v.tries, 20))) end,
      verified_until = case when v_outcome = 'equal' then v_old.claimed_at else v.verified_until end,
      comparisons = v.comparisons + v_told::integer,
      duration = case when v_told or v_outcome in ('too expensive', 'not repeatable', 'rewritten') then v_now - v_old.claimed_at else v.duration end
    where v.mv_id = p_mv_id;
  if p_share is not null then
    update pgauto_mv.verifier b set spent = b.spent + (v_now - v_old.claimed_at), next_at = v_now + (v_now - v_old.claimed_at) * (1 / p_share - 1);
  end if;
  if v_told or v_outcome is distinct from v_old.outcome then
    insert into pgauto_mv.log (at, kind, mv_id, view_name, source, outcome, reason, epoch, duration, sqlstate)
      values (v_now, 'verify', p_mv_id, format('%I.%I', v_mv.schema_name, v_mv.view_name), case when p_share is null then 'now' end, v_outcome, v_reason, p_epoch,
        v_now - v_old.claimed_at, p_sqlstate);
  end if;
  perform pgauto_mv.repair_incidents_v1();
  outcome := v_outcome;
  reason := v_reason;
  incident := v_incident;
  return next;
end $$;
