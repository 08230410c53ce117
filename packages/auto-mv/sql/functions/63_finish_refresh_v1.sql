-- Last statement of the refresh's transaction, before COMMIT: the audit row, and a change row for the view itself, by
-- which the views that read it become dirty under the same rule as for a table. When a table was rewritten while the refresh
-- ran (see source_rewritten), nobody knows what the contents are: snap goes back to NULL, and the view is refreshed again.
create or replace function pgauto_mv.finish_refresh_v1(p_mv_id bigint, p_epoch bigint, p_source text, p_mode text, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_view oid := (select m.view from pgauto_mv.mv m where m.id = p_mv_id);
  v_rewritten boolean := pgauto_mv.source_rewritten(v_view);
begin
  update pgauto_mv.state s set snap = case when not v_rewritten then s.snap end, snaps = case when not v_rewritten then s.snaps end,
      done_epoch = p_epoch, done_at = v_now, done_duration = v_now - s.claimed_at, done_mode = p_mode,
      done_reason = p_reason, refreshes = s.refreshes + 1, failures = 0, failed_at = null, failed_sqlstate = null, failed_code = null,
      transient = null, next_retry_at = null
    where s.mv_id = p_mv_id and s.epoch = p_epoch;
  if not found then
    raise exception using errcode = 'PM013', message = format('the claim %s of view %s is not valid any more', p_epoch, p_mv_id),
      hint = 'Roll back.';
  end if;
  delete from pgauto_mv.failure f where f.mv_id = p_mv_id;
  insert into pgauto_mv.change (watch_id) select w.id from pgauto_mv.watch w where w.relation = v_view and w.operation = 'REFRESH';
  insert into pgauto_mv.log (at, kind, mv_id, view_name, source, outcome, reason, mode, epoch, duration)
    select v_now, 'attempt', m.id, format('%I.%I', m.schema_name, m.view_name), p_source, 'done', p_reason, p_mode, p_epoch, s.done_duration
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.id = p_mv_id;
end $$;
