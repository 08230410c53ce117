-- First statement of the refresh's own REPEATABLE READ transaction: records the snapshot everything in it reads, and so
-- what the contents will hold. Sets the transaction's timeouts and returns the REFRESH statement, which the caller sends
-- as a statement of its own (only so does statement_timeout bound it). Runs out: PM013 when the claim is not ours any
-- more, 40001 when somebody changed the state row since the snapshot was taken; either way, roll back.
-- basis is taken under the same snapshot; what changes after it makes the contents doubtful, never the other way round.
-- snaps are those of the materialized views it reads as well, as this snapshot sees them: no older than what is read.
-- p_settings, those of the session, are noted for who compares the contents later.
-- While a trigger of the view is still to be put on, as this snapshot sees it, both stay NULL: an explicit refresh fills the
-- view, but what is written without that trigger would go unnoticed.
create or replace function pgauto_mv.enter_refresh_v1(
  p_mv_id bigint, p_epoch bigint, p_statement_timeout interval, p_lock_timeout interval, p_plain_lock_timeout interval,
  p_settings jsonb default pgauto_mv.session_settings()       -- a default is calculated in the caller's session
) returns table (statement text, mode text, reason text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv pgauto_mv.mv;
  v_snap pg_snapshot := pg_current_snapshot();
  v_installing boolean := pgauto_mv.installing(p_mv_id);
begin
  if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
    raise exception using errcode = 'PM018', message = 'a refresh needs a REPEATABLE READ transaction of its own',
      hint = 'begin isolation level repeatable read; then enter_refresh_v1, the REFRESH, finish_refresh_v1, commit.';
  end if;
  select m.* into v_mv from pgauto_mv.mv m where m.id = p_mv_id;
  perform set_config('pgauto_mv.root', (                       -- for finish_refresh_v1, before snap is another
    select to_jsonb(r)::text from pgauto_mv.state s cross join lateral pgauto_mv.unserved_root(s.mv_id, s.snap) r where s.mv_id = p_mv_id), true);
  update pgauto_mv.state s set snap = case when not v_installing then v_snap end, basis = pgauto_mv.basis(p_mv_id, v_mv.view),
    settings = p_settings, claimed_until = null, snaps = case when not v_installing then pgauto_mv.snaps_of(v_mv.view, v_snap) end, as_of = pgauto_mv.as_of(v_mv.view)
    where s.mv_id = p_mv_id and s.epoch = p_epoch;
  if not found then
    raise exception using errcode = 'PM013', message = format('the claim %s of view %s is not valid any more', p_epoch, p_mv_id),
      hint = 'Somebody else refreshes the view, or it was unregistered. Roll back.';
  end if;
  select m.mode, m.reason into mode, reason from pgauto_mv.refresh_mode(v_mv.view) m;
  if mode = 'concurrently' then
    update pgauto_mv.state s set unique_index = pg_get_indexdef(pgauto_mv.key_index(v_mv.view))
      where s.mv_id = p_mv_id and s.unique_index is distinct from pg_get_indexdef(pgauto_mv.key_index(v_mv.view));
  end if;
  perform set_config('statement_timeout', round(extract(epoch from coalesce(v_mv.statement_timeout, p_statement_timeout)) * 1000)::text, true);
  perform set_config('lock_timeout', round(extract(epoch from coalesce(v_mv.lock_timeout,
    case mode when 'plain' then p_plain_lock_timeout else p_lock_timeout end)) * 1000)::text, true);
  if v_mv.work_mem is not null then
    perform set_config('work_mem', v_mv.work_mem, true);
  end if;
  perform pg_stat_force_next_flush();   -- at COMMIT, so that begin_upkeep_v1 sees what this refresh changed
  perform set_config('pgauto_mv.rows_before', pgauto_mv.written_rows(v_mv.view)::text, true);   -- for finish_refresh_v1
  begin                               -- the server notices within a second that a killed Processor has gone
    perform set_config('client_connection_check_interval', '1000', true);
  exception when invalid_parameter_value then
    null;                             -- not on this platform: it notices when it sends its answer
  end;
  statement := format('refresh materialized view %s%s', case mode when 'concurrently' then 'concurrently ' else '' end,
    pgauto_mv.relation_name(v_mv.view));
  return next;
end $$;
