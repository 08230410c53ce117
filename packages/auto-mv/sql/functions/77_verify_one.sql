-- Compares a view that begin_verify_v1() has claimed, in transactions of its own; for verify_mv() and verify_due(). A difference
-- counts when a second look, in a new snapshot, finds one too. Afterwards nothing is held; the caller pins its search_path again.
-- No SET clause, which would forbid COMMIT; every name has its schema, since the comparison may set another search_path.
create or replace procedure pgauto_mv.verify_one(
  p_mv_id bigint, p_epoch bigint, p_timeout interval, p_work_mem text, p_share double precision, p_every interval, inout p_outcome text default null
)
language plpgsql
as $$
declare
  v_look record;
  v_equal pg_catalog.bool;
  v_rows pg_catalog.int8;
  v_missing pg_catalog.int8;
  v_surplus pg_catalog.int8;
  v_outcome pg_catalog.text;
  v_reason pg_catalog.text;
  v_code pg_catalog.text;
begin
  select null::pg_catalog.pg_snapshot as as_of, null::pg_catalog.int8 as contents_epoch, null::pg_catalog.text as basis into v_look;     -- when even enter fails
  for v_try in 1 .. 2 loop
    commit;                           -- nothing between this and the next: SET TRANSACTION comes before any expression
    set transaction isolation level repeatable read, read only;
    v_equal := null;
    begin
      select e.* into v_look from pgauto_mv.enter_verify_v1(p_mv_id, p_epoch, p_timeout, p_work_mem) e;
      if v_look.statement is not null then
        execute v_look.statement into v_equal, v_rows;
        if not v_equal then
          execute v_look.difference into v_missing, v_surplus;
          v_equal := v_missing operator(pg_catalog.=) 0 and v_surplus operator(pg_catalog.=) 0;
        end if;
        if pgauto_mv.verify_rewritten_v1(p_mv_id) then
          v_equal := null;
        end if;
        v_outcome := case when v_equal is null then 'rewritten' when v_equal then 'equal' else 'differs' end;
        v_reason := case when v_equal is null then 'what was compared was rewritten meanwhile' end;
      else
        v_outcome := case when v_try operator(pg_catalog.=) 1 then v_look.outcome else 'unconfirmed' end;
        v_reason := v_look.reason;
      end if;
    exception when query_canceled or others then
      get stacked diagnostics v_code = returned_sqlstate;
      v_outcome := null;
      v_reason := null;
    end;
    rollback;
    exit when v_equal is null or v_equal;
  end loop;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  p_outcome := (select e.outcome from pgauto_mv.end_verify_v1(p_mv_id, p_epoch, v_outcome, v_reason, v_code, v_look.as_of, v_look.contents_epoch, v_look.basis,
    v_rows, v_missing, v_surplus, p_share, p_every) e);
  commit;
  if v_code operator(pg_catalog.=) '57014' then
    raise exception using errcode = '57014', message = 'a comparison of pgauto_mv.verify_one was cut off',
      hint = 'A longer statement_timeout, or a Processor, gets past it.';
  end if;
end $$;
