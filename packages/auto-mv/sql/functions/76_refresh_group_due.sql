-- For refresh_due(): refreshes the group of a view, as a Processor would, with commits before and after. p_members: the views it
-- was about, for the caller to leave out from now on; p_code: NULL, or the SQLSTATE with which it failed (recorded already).
-- Called in no transaction that has done anything. No SET clause, which would forbid COMMIT: each transaction pins the search_path.
create or replace procedure pgauto_mv.refresh_group_due(
  p_mv_id bigint, p_source text, p_token xid8, inout p_members bigint[] default null, inout p_refreshed bigint default 0, inout p_code text default null
)
language plpgsql
as $$
declare
  v_claim record;
  v_plan record;
  v_at pg_catalog.int8;
  v_busy pg_catalog.oid;
  v_mode pg_catalog.text;
  v_message pg_catalog.text;
  v_detail pg_catalog.text;
  v_hint pg_catalog.text;
begin
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  select b.outcome = 'go' as go, b.members, b.epochs into v_claim from pgauto_mv.begin_group_refresh_v1(p_mv_id, p_source, p_token, '0') b;
  p_members := coalesce(v_claim.members, array[p_mv_id]);
  p_code := null;
  p_refreshed := 0;
  if not v_claim.go then
    commit;
    return;
  end if;

  commit;                             -- nothing between this and the next: SET TRANSACTION comes before any expression
  set transaction isolation level repeatable read;
  begin
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    foreach v_at in array p_members loop
      perform pgauto_mv.prepare_refresh_v1(v_at, p_source);
    end loop;
    v_at := null;
    select e.mode, e.reason, e.views, e.lock_timeout into v_plan from pgauto_mv.enter_group_refresh_v1(p_members, v_claim.epochs, '0', '200 ms') e;
    v_mode := v_plan.mode;
    if v_mode = 'plain' then
      v_busy := pgauto_mv.lock_group_v1(v_plan.views, v_plan.lock_timeout);
      if v_busy is not null then
        v_at := p_members[pg_catalog.array_position(v_plan.views, v_busy)];
        raise exception using errcode = '55P03', message = 'the views of the group could not be locked together';
      end if;
    end if;
    foreach v_at in array p_members loop
      execute pgauto_mv.enter_member_v1(v_at, v_mode, '0', case v_mode when 'plain' then v_plan.lock_timeout else '10 s' end);
      p_refreshed := p_refreshed + 1;
    end loop;
    v_at := null;
    perform pgauto_mv.finish_group_refresh_v1(p_members, v_claim.epochs, p_source, v_mode, v_plan.reason);
  exception when query_canceled or others then
    get stacked diagnostics p_code = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail, v_hint = pg_exception_hint;
  end;
  if p_code is null then
    commit;
    return;
  end if;
  rollback;
  p_refreshed := 0;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  perform pgauto_mv.fail_group_refresh_v1(p_members, v_claim.epochs, p_source, v_at, v_mode, p_code, v_message, v_detail, v_hint);
  commit;
end $$;
