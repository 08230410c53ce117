-- Turns the action of a SQL channel into two private functions:
--   pgrelay_action.act_<id>(payload)  the action itself: VOLATILE (a STABLE one is skipped), not STRICT (a NULL payload
--                                     runs too), so that a typo or a missing privilege is an error here and now
--   pgrelay_action.run_<id>(…)        the frame that runs it, made by build_frame
-- Called by register_channel under its lock on pgrelay.channel.
create or replace function pgrelay.build_action(p_channel_id integer, p_sql text, p_search_path text, p_check boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set client_min_messages = warning
as $$
declare
  v_act text := format('pgrelay_action.act_%s', p_channel_id);
  v_statements text[] := pgrelay.split_statements(p_sql);
begin
  if p_check then
    execute format('drop function if exists %s_unchecked(text)', v_act);
    perform set_config('search_path', p_search_path, true);          -- names resolve as in the registrar's session
    execute format('create or replace function %s(text) returns void language sql volatile as %L', v_act, p_sql);
    perform set_config('search_path', 'pg_catalog, pg_temp', true);
  else
    execute format('drop function if exists %s(text)', v_act);
    execute format('create or replace function %s_unchecked(p_payload text) returns void language plpgsql volatile as %L', v_act,
      format('begin execute %L using p_payload; end', p_sql));
  end if;

  execute format('grant execute on function %s(text) to pgrelay', v_act || case when p_check then '' else '_unchecked' end);
  perform pgrelay.build_frame(p_channel_id, p_search_path, p_check);

  -- What only the executor checks (privileges on tables and functions) is asked of EXPLAIN, inside a frame of role
  -- pgrelay, where the action is one plannable statement.
  if p_check and cardinality(v_statements) = 1 and v_statements[1] ~* '^\s*(select|insert|update|delete|merge|with|values)\y' then
    perform pgrelay.explain_action(v_statements[1], p_search_path);
  end if;
end $$;
