-- Last statement of the refresh's transaction, before COMMIT: the audit row, a change row for the view itself, by which
-- the views that read it become dirty under the same rule as for a table, and the event for who asked for one.
-- lag counts from when the first change that this refresh serves was seen; it is read under the refresh's own snapshot, as
-- the planner would: first_seen, or next_first when the planner has not looked since the refresh before.
-- root_lag and root_duration count from the root: from when the oldest change that it serves was made in a table, and with the
-- refreshes on the way; the change row hands them on to the views below.
-- When a table was rewritten while the refresh ran (see source_rewritten), nobody knows what the contents are: snap goes back to
-- NULL, and the view is refreshed again.
create or replace function pgauto_mv.finish_refresh_v1(p_mv_id bigint, p_epoch bigint, p_source text, p_mode text, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_mv pgauto_mv.mv;
  v_first timestamptz;
  v_duration interval;
  v_before bigint[];
  v_after bigint[];
  v_event text;
  v_rewritten boolean;
  v_root record;
  v_root_duration interval;
begin
  select m.* into v_mv from pgauto_mv.mv m where m.id = p_mv_id;
  select case when o.done_epoch is not distinct from s.done_epoch then o.first_seen when o.claim_epoch = s.done_epoch then o.next_first end
    into v_first from pgauto_mv.state s join pgauto_mv.observation o on o.mv_id = s.mv_id where s.mv_id = p_mv_id;
  select nullif(r.root, '0'::xid8) as root, r.root_at, coalesce(r.root_duration, '0') as root_duration into v_root
    from jsonb_to_record(nullif(current_setting('pgauto_mv.root', true), '')::jsonb) r(root xid8, root_at timestamptz, root_duration interval);
  v_rewritten := pgauto_mv.source_rewritten(v_mv.view);
  update pgauto_mv.state s set snap = case when not v_rewritten then s.snap end, snaps = case when not v_rewritten then s.snaps end,
      as_of = case when not v_rewritten then s.as_of end,
      done_epoch = p_epoch, done_at = v_now, done_duration = v_now - s.claimed_at, done_mode = p_mode,
      done_reason = p_reason, refreshes = s.refreshes + 1, failures = 0, failed_at = null, failed_sqlstate = null, failed_code = null,
      transient = null, next_retry_at = null, event_sqlstate = null,
      scans = pgauto_mv.scans(v_mv.view) + pgauto_mv.scans_here(v_mv.view),
      read_at = case when pgauto_mv.scans(v_mv.view) > s.scans then v_now else s.read_at end,
      done_root_lag = v_now - v_root.root_at, done_root_duration = v_now - s.claimed_at + v_root.root_duration
    where s.mv_id = p_mv_id and s.epoch = p_epoch returning s.done_duration, s.done_root_duration into v_duration, v_root_duration;
  if not found then
    raise exception using errcode = 'PM013', message = format('the claim %s of view %s is not valid any more', p_epoch, p_mv_id),
      hint = 'Roll back.';
  end if;
  delete from pgauto_mv.failure f where f.mv_id = p_mv_id;
  insert into pgauto_mv.change (watch_id, root, root_at, root_duration) select w.id, v_root.root, v_root.root_at, v_root_duration from pgauto_mv.watch w where w.relation = v_mv.view and w.operation = 'REFRESH';
  if p_mode = 'concurrently' then
    v_before := nullif(current_setting('pgauto_mv.rows_before', true), '')::bigint[];
    v_after := pgauto_mv.written_rows(v_mv.view);
  end if;
  insert into pgauto_mv.log (at, kind, mv_id, view_name, source, outcome, reason, mode, epoch, duration, lag, root_lag, root_duration, rows_inserted, rows_deleted, group_name)
    values (v_now, 'attempt', p_mv_id, format('%I.%I', v_mv.schema_name, v_mv.view_name), p_source, 'done', p_reason, p_mode, p_epoch,
      v_duration, v_now - v_first, v_now - v_root.root_at, v_root_duration, v_after[1] - v_before[1], v_after[2] - v_before[2],
      (select g.name from pgauto_mv.mv_group g where g.id = v_mv.group_id));
  if v_mv.channel is not null then
    v_event := pgauto_mv.announce_refresh(v_mv.channel, json_build_object('view', format('%I.%I', v_mv.schema_name, v_mv.view_name),
      'epoch', p_epoch, 'source', p_source, 'mode', p_mode, 'duration_ms', round(extract(epoch from v_duration) * 1000),
      'root_lag_ms', round(extract(epoch from v_now - v_root.root_at) * 1000),
      'rows_inserted', v_after[1] - v_before[1], 'rows_deleted', v_after[2] - v_before[2])::text);
    if v_event is not null then
      update pgauto_mv.state s set event_sqlstate = v_event where s.mv_id = p_mv_id;
    end if;
  end if;
  perform pg_notify('pgauto_mv', p_mv_id::text);          -- at COMMIT, for those who wait for the view (look_fresh)
end $$;
