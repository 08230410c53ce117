-- Does the work of auto-mv without a Processor, or beside some: CALL pgauto_mv.refresh_due() from psql or pg_cron. Refreshes
-- each view that is due, those above first, with a commit after each, under the same claim as a Processor's refresh: no two
-- refreshes of one view ever overlap. A view is refreshed once a call, so that the call ends under constant writes, too. First it
-- does what else Processors do (keep_house_v1), but for VACUUM and ANALYZE, which it leaves to autovacuum.
--   p_view       only this view, now, whether it is due or not, paused or cooling down
--   p_refreshed  how many views were refreshed
-- A failure is the view's: it is recorded, and the others go on. A view that is in a group is refreshed with all of its group. Call it outside a transaction block (else 2D000, before anything
-- is done). The caller needs role pgrelay_processor, and the right to refresh the views. A view's statement timeout is not
-- applied, since no timer can be set inside a call, and nothing cancels it for the sake of DDL: the caller's own
-- statement_timeout bounds the call. What that cuts off counts as a failure of the view (57014), which the next call passes over.
-- No SET clause, which would forbid COMMIT: each transaction pins the search_path first. Errors: PM004 p_view is not registered.
create or replace procedure pgauto_mv.refresh_due(p_view regclass default null, inout p_refreshed bigint default 0)
language plpgsql
as $$
declare
  v_done pg_catalog.int8[] := '{}';
  v_deadlock_timeout pg_catalog.text := pg_catalog.current_setting('deadlock_timeout');
  v_due record;
  v_claim record;
  v_plan record;
  v_mode pg_catalog.text;
  v_code pg_catalog.text;
  v_cut_off pg_catalog.bool;
  v_members pg_catalog.int8[];
  v_count pg_catalog.int8;
  v_message pg_catalog.text;
  v_detail pg_catalog.text;
  v_hint pg_catalog.text;
begin
  commit;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);      -- ends with each transaction
  p_refreshed := 0;
  if p_view is not null then
    perform pgauto_mv.find_mv(p_view);
  end if;
  loop
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    exit when p_view is not null or not pgauto_mv.keep_house_v1();
    commit;
  end loop;
  loop
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    perform pgauto_mv.plan_v1(false);
    commit;
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    select d.mv_id, d.source, d.token into v_due from pgauto_mv.next_due_v1(p_view, v_done) d;
    exit when v_due.mv_id is null;
    v_done := v_done || v_due.mv_id;
    commit;                           -- the token of p_view is of a transaction that has ended
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    select b.outcome = 'go' as go, b.outcome = 'group' as grouped, b.epoch into v_claim from pgauto_mv.begin_refresh_v1(v_due.mv_id, v_due.source, v_due.token, '0') b;
    if not v_claim.go then
      commit;
      if v_claim.grouped then
        call pgauto_mv.refresh_group_due(v_due.mv_id, v_due.source, v_due.token, v_members, v_count, v_code);
        perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        v_done := v_done || v_members;
        p_refreshed := p_refreshed + v_count;
        if pg_catalog.current_setting('deadlock_timeout') <> v_deadlock_timeout then
          perform pg_catalog.set_config('deadlock_timeout', v_deadlock_timeout, false);
        end if;
        if v_code = '57014' then
          raise exception using errcode = '57014', message = 'pgauto_mv.refresh_due was cut off in the refresh of a group',
            hint = 'get_mv_problems() names the view. A longer statement_timeout, or a Processor, gets past it.';
        end if;
        commit;
      end if;
      continue;
    end if;

    commit;                           -- nothing between this and the next: SET TRANSACTION comes before any expression
    set transaction isolation level repeatable read;
    v_code := null;
    v_mode := null;
    begin
      perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
      perform pgauto_mv.prepare_refresh_v1(v_due.mv_id, v_due.source);
      select e.statement, e.mode, e.reason into v_plan from pgauto_mv.enter_refresh_v1(v_due.mv_id, v_claim.epoch, '0', '10 s', '200 ms') e;
      v_mode := v_plan.mode;
      execute v_plan.statement;
      perform pgauto_mv.finish_refresh_v1(v_due.mv_id, v_claim.epoch, v_due.source, v_plan.mode, v_plan.reason);
      if pg_catalog.current_setting('deadlock_timeout') <> v_deadlock_timeout then   -- prepare_refresh_v1 has set it
        perform pg_catalog.set_config('deadlock_timeout', v_deadlock_timeout, false);
      end if;
      p_refreshed := p_refreshed + 1;
    exception when query_canceled or others then
      get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail, v_hint = pg_exception_hint;
    end;
    if v_code is null then
      commit;
      continue;
    end if;
    rollback;
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    perform pgauto_mv.fail_refresh_v1(v_due.mv_id, v_claim.epoch, v_due.source, v_mode, v_code, v_message, v_detail, v_hint);
    v_cut_off := v_code = '57014';
    commit;
    if v_cut_off then
      raise exception using errcode = '57014', message = 'pgauto_mv.refresh_due was cut off in a refresh',
        hint = 'get_mv_problems() names the view. A longer statement_timeout, or a Processor, gets past it.';
    end if;
  end loop;
end $$;
