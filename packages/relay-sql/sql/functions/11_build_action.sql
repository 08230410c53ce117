-- Turns the action of a SQL channel into two private functions:
--   pgrelay_action.act_<id>(payload)  the action itself: VOLATILE (a STABLE one is skipped), not STRICT (a NULL payload
--                                     runs too), so that a typo or a missing privilege is an error here and now
--   pgrelay_action.run_<id>(…)        the frame: SECURITY DEFINER, owned by role pgrelay, with the search_path of the
--                                     session that registered the action. In it PostgreSQL refuses SET ROLE and RESET
--                                     ROLE, so an action can touch only what is granted to pgrelay.
-- The frame runs the events in chunks, one subtransaction each: one event first, up to 25 while they take little time, so that
-- the statement timeout bounds an event and not a crowd of slow ones. A failing chunk runs again event by event; with p_singly
-- every event runs by itself. A failed ASSERT is an error like any other; a cancelled statement is not caught. SET CONSTRAINTS ALL IMMEDIATE ends each block, or a deferred constraint would fail at
-- COMMIT with no culprit. On a lock that cannot be had in time, or a deadlock, a batch of several events stops there:
-- what ran before stays, the rest was not an attempt. It also stops at p_until. Results come back for what ran, in order.
-- Called by register_channel under its lock on pgrelay.channel.
create or replace function pgrelay.build_action(p_channel_id integer, p_sql text, p_search_path text, p_check boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on set client_min_messages = warning
as $$
declare
  v_act text := format('pgrelay_action.act_%s', p_channel_id);
  v_run text := format('pgrelay_action.run_%s', p_channel_id);
  v_create text;
  v_statements text[] := pgrelay.split_statements(p_sql);
  v_call text := case when p_check then format('%s(u.payload)', v_act) else format('%s(u.payload)', v_act || '_unchecked') end;
begin
  if p_check then
    execute format('drop function if exists %s_unchecked(text)', v_act);
    v_create := format('create or replace function %s(pg_catalog.text) returns void language sql volatile as %L', v_act, p_sql);
    perform set_config('search_path', p_search_path, true);          -- names resolve as in the registrar's session
    execute v_create;                                                -- until it is pinned again, nothing unqualified is ours
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  else
    execute format('drop function if exists %s(text)', v_act);
    execute format('create or replace function %s_unchecked(p_payload text) returns void language plpgsql volatile as %L', v_act,
      format('begin execute %L using p_payload; end', p_sql));
  end if;

  execute format($frame$
create or replace function %1$s(p_ids bigint[], p_contexts text[], p_payloads text[], p_singly boolean, p_until timestamptz)
returns setof pgrelay.action_result language plpgsql volatile security definer set search_path = %2$s
as $run$
#variable_conflict use_variable
declare
  v_count pg_catalog.int4 := pg_catalog.cardinality(p_ids);
  v_from pg_catalog.int4 := 1;
  v_to pg_catalog.int4;
  v_step pg_catalog.int4 := 1;           -- events in the next chunk: grows to 25 while chunks take little time
  v_again_to pg_catalog.int4 := 0;      -- up to here a failed chunk runs again, event by event
  v_started pg_catalog.timestamptz;
  v_chunk pg_catalog.timestamptz;
  v_ends pg_catalog.timestamptz[];
  v_actions pg_catalog.int8;
  v_result pgrelay.action_result;
begin
  if current_user operator(pg_catalog.<>) 'pgrelay' then     -- altered after run_batch_v1 has compared its digest
    raise exception using errcode = 'PR008', message = 'the private function of a channel was altered', hint = 'Register the channel again with p_replace => true.';
  end if;
  while v_from <= v_count loop
    v_started := pgrelay.clock_now();
    exit when v_from > 1 and v_started >= p_until;
    v_chunk := v_started;
    v_to := case when v_from <= v_again_to then v_from else least(v_from + v_step - 1, v_count) end;
    begin
      select pg_catalog.count(%3$s), pg_catalog.array_agg(pgrelay.clock_now()) into v_actions, v_ends
        from unnest(p_contexts[v_from:v_to], p_payloads[v_from:v_to]) u(context, payload)
        where pg_catalog.set_config('pgrelay.event', u.context, true) is not null;
      perform pgrelay.seal_action();
      for v_i in v_from .. v_to loop
        v_result := (p_ids[v_i], v_started, v_ends[v_i - v_from + 1], null, null, null, null, null, null, null);
        v_started := v_result.finished_at;
        return next v_result;
      end loop;
      v_from := v_to + 1;
      v_step := case when p_singly or pgrelay.clock_now() - v_chunk > interval '10 ms' then greatest(v_step / 4, 1) else least(v_step * 2, 25) end;
    exception when others or assert_failure then
      if v_count > 1 and sqlstate in ('55P03', '40P01') then
        return;
      elsif v_to > v_from then
        v_again_to := v_to;
      else
        v_result := (p_ids[v_from], v_started, pgrelay.clock_now(), sqlstate, sqlerrm, null, null, null, null, null);
        get stacked diagnostics v_result.detail = pg_exception_detail, v_result.hint = pg_exception_hint,
          v_result.context = pg_exception_context, v_result.constraint_name = constraint_name, v_result.table_name = table_name;
        return next v_result;
        v_from := v_from + 1;
      end if;
    end;
  end loop;
end $run$ $frame$, v_run, p_search_path, v_call);

  execute format('revoke all on function %s(bigint[], text[], text[], boolean, timestamptz) from public', v_run);
  execute format('revoke all on function %s(text) from public', v_act || case when p_check then '' else '_unchecked' end);
  execute format('grant execute on function %s(text) to pgrelay', v_act || case when p_check then '' else '_unchecked' end);
  if not exists (select from pg_proc p where p.oid = (v_run || '(bigint[], text[], text[], boolean, timestamptz)')::regprocedure
                 and p.proowner = 'pgrelay'::regrole) then
    grant create on schema pgrelay_action to pgrelay;                -- the new owner needs it at this moment only
    execute format('alter function %s(bigint[], text[], text[], boolean, timestamptz) owner to pgrelay', v_run);
    revoke create on schema pgrelay_action from pgrelay;
  end if;
  execute format('grant execute on function %s(bigint[], text[], text[], boolean, timestamptz) to pgrelay_owner', v_run);
  update pgrelay.channel c set frame = pgrelay.frame_digest(p_channel_id) where c.id = p_channel_id;

  -- What only the executor checks (privileges on tables and functions) is asked of EXPLAIN, inside a frame of role
  -- pgrelay, where the action is one plannable statement.
  if p_check and cardinality(v_statements) = 1 and v_statements[1] ~* '^\s*(select|insert|update|delete|merge|with|values)\y' then
    perform pgrelay.explain_action(v_statements[1], p_search_path);
  end if;
end $$;
