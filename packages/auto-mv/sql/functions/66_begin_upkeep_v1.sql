-- What a view needs after a refresh, if anything, as a statement for the caller to send by itself (VACUUM takes no
-- transaction), with the session's timeouts set for it. No row when nothing is due:
--   VACUUM    more than p_vacuum_percent of the rows are dead (CONCURRENTLY leaves them), and ANALYZE with it when due
--   ANALYZE   rows were changed since the last one, more than p_analyze_percent of all: a plain refresh changes them all,
--             and PostgreSQL analyzes nothing by itself when it refreshes
-- 0: never. Fifty rows are too few to bother, once a minute is enough. By default the shares are twice those at which
-- autovacuum comes, so it is due when autovacuum is off, or too late, or was cancelled by one refresh after the other.
-- Claims the view, so that no refresh begins meanwhile that would have to wait; end_upkeep_v1() gives it back. TRUNCATE
-- FALSE: the lock for cutting empty pages off would be replayed on standbys, where readers are cancelled for it.
create or replace function pgauto_mv.begin_upkeep_v1(
  p_mv_id bigint, p_vacuum_percent integer, p_analyze_percent integer, p_statement_timeout interval, p_lock_timeout interval
) returns table (statement text, operation text, reason text, epoch bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv pgauto_mv.mv;
  v_state pgauto_mv.state;
  v_now timestamptz := pgrelay.clock_now();
  v_timeout interval;
  v_live bigint;
  v_dead bigint;
  v_changed bigint;
  v_vacuum boolean;
  v_analyze boolean;
begin
  select m.* into v_mv from pgauto_mv.mv m where m.id = p_mv_id;
  v_timeout := coalesce(v_mv.statement_timeout, p_statement_timeout);
  v_live := pg_stat_get_live_tuples(v_mv.view);
  v_dead := pg_stat_get_dead_tuples(v_mv.view);
  v_changed := pg_stat_get_mod_since_analyze(v_mv.view);
  v_vacuum := p_vacuum_percent > 0 and v_dead > 50 + v_live * p_vacuum_percent / 100;
  v_analyze := p_analyze_percent > 0 and v_changed > 50 + v_live * p_analyze_percent / 100;
  if (v_vacuum or v_analyze) is not true then
    return;
  end if;
  select s.* into v_state from pgauto_mv.state s where s.mv_id = p_mv_id for update skip locked;
  if v_state.mv_id is null or pgauto_mv.claim_active(v_state, v_now) or v_state.upkeep_at > v_now - interval '1 min' then
    return;
  end if;
  update pgauto_mv.state s set upkeep_at = v_now, epoch = s.epoch + 1, claimed_at = v_now, claimed_pid = pg_backend_pid(),
      claimed_until = v_now + case v_timeout when '0' then interval '1 day' else v_timeout + interval '1 min' end,
      claimed_backend_start = (select a.backend_start from pg_stat_get_activity(pg_backend_pid()) a)
    where s.mv_id = p_mv_id returning s.epoch into epoch;
  perform set_config('statement_timeout', round(extract(epoch from v_timeout) * 1000)::text, false),
    set_config('lock_timeout', round(extract(epoch from p_lock_timeout) * 1000)::text, false);
  if v_vacuum then
    operation := 'VACUUM';
    statement := format('vacuum (truncate false%s) %s', case when v_analyze then ', analyze' else '' end, pgauto_mv.relation_name(v_mv.view));
    reason := format('%s dead rows beside %s', v_dead, v_live);
  else
    operation := 'ANALYZE';
    statement := format('analyze %s', pgauto_mv.relation_name(v_mv.view));
    reason := format('%s rows changed of %s', v_changed, v_live);
  end if;
  return next;
end $$;
