-- Makes the frame of a SQL channel, pgrelay_action.run_<id>(…): SECURITY DEFINER, owned by role pgrelay, with the search_path
-- of the session that registered the action. In it PostgreSQL refuses SET ROLE and RESET ROLE, so an action can touch only
-- what is granted to pgrelay.
-- The frame runs the events in chunks, one subtransaction each: one event first, up to 100 while they take little time and none
-- fails, so that the statement timeout bounds an event and not a crowd of slow ones. A failing chunk runs again event by event,
-- and chunks have 25 events at most from then on; with p_singly every event runs by itself. A failed ASSERT is an error like any other; a cancelled statement is not caught. SET CONSTRAINTS
-- ALL IMMEDIATE ends each block, or a deferred constraint would fail at COMMIT with no culprit. On a lock that cannot be had in
-- time, or a deadlock, a batch of several events stops there: what ran before stays, the rest was not an attempt. It also
-- stops at p_until. The times come back for what ran, in order, and an action_result for each event that failed.
-- Called by build_action under the lock of register_channel, and by the migrator for frames of an earlier form.
create or replace function pgrelay.build_frame(p_channel_id integer, p_search_path text, p_check boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set client_min_messages = warning
as $$
declare
  v_run text := format('pgrelay_action.run_%s', p_channel_id);
  v_signature text := v_run || '(bigint[], text[], boolean, timestamptz)';
  v_call text := format('pgrelay_action.act_%s%s(u.payload)', p_channel_id, case when p_check then '' else '_unchecked' end);
begin
  execute format($frame$
create or replace function %1$s(
  p_ids bigint[], p_payloads text[], p_singly boolean, p_until timestamptz,
  out started timestamptz[], out ended timestamptz[], out failures pgrelay.action_result[]
) language plpgsql volatile security definer set search_path = %2$s
as $run$
#variable_conflict use_variable
declare
  v_count pg_catalog.int4 := pg_catalog.cardinality(p_ids);
  v_from pg_catalog.int4 := 1;
  v_to pg_catalog.int4;
  v_step pg_catalog.int4 := 1;           -- events in the next chunk: grows while chunks take little time
  v_most pg_catalog.int4 := 100;         -- and so far
  v_again_to pg_catalog.int4 := 0;      -- up to here a failed chunk runs again, event by event
  v_started pg_catalog.timestamptz;
  v_ends pg_catalog.timestamptz[];
  v_actions pg_catalog.int8;
  v_result pgrelay.action_result;
begin
  while v_from <= v_count loop
    v_started := pgrelay.clock_now();
    exit when v_from > 1 and v_started >= p_until;
    v_to := case when v_from <= v_again_to then v_from else least(v_from + v_step - 1, v_count) end;
    begin
      select pg_catalog.count(%3$s), pg_catalog.array_agg(pgrelay.clock_now()) into v_actions, v_ends
        from unnest(p_ids[v_from:v_to], p_payloads[v_from:v_to]) u(id, payload)
        where pg_catalog.set_config('pgrelay.event', u.id::pg_catalog.text, true) is not null;
      set constraints all immediate;
      set constraints all deferred;
      started := started || v_started || v_ends[1 : v_to - v_from];
      ended := ended || v_ends;
      v_step := case when p_singly or v_ends[v_to - v_from + 1] - v_started > interval '10 ms' then greatest(v_step / 4, 1) else least(v_step * 2, v_most) end;
      v_from := v_to + 1;
    exception when others or assert_failure then
      if v_count > 1 and sqlstate in ('55P03', '40P01') then
        return;
      elsif v_to > v_from then
        v_again_to := v_to;
        v_most := 25;
        v_step := least(v_step, v_most);
      else
        v_result := (p_ids[v_from], v_started, pgrelay.clock_now(), sqlstate, sqlerrm, null, null, null, null, null);
        get stacked diagnostics v_result.detail = pg_exception_detail, v_result.hint = pg_exception_hint,
          v_result.context = pg_exception_context, v_result.constraint_name = constraint_name, v_result.table_name = table_name;
        started := started || v_started;
        ended := ended || v_result.finished_at;
        failures := failures || v_result;
        v_from := v_from + 1;
      end if;
    end;
  end loop;
end $run$ $frame$, v_run, p_search_path, v_call);

  execute format('revoke all on function %s from public', v_signature);
  if not exists (select from pg_proc p where p.oid = v_signature::regprocedure and p.proowner = 'pgrelay'::regrole) then
    grant create on schema pgrelay_action to pgrelay;                -- the new owner needs it at this moment only
    execute format('alter function %s owner to pgrelay', v_signature);
    revoke create on schema pgrelay_action from pgrelay;
  end if;
  execute format('grant execute on function %s to pgrelay_owner', v_signature);
  update pgrelay.channel c set frame = pgrelay.frame_digest(p_channel_id) where c.id = p_channel_id;
end $$;
