-- The work of register_channel, with the schemas in which the action's names are looked up. One registration at a time: it takes
-- pgrelay.channel in SHARE ROW EXCLUSIVE mode, which notify() does not notice.
create or replace function pgrelay.register_channel_as(
  p_name text, p_action_sql text, p_mode text, p_check boolean, p_statement_timeout interval, p_parallel boolean,
  p_max_payload integer, p_replace boolean, p_schemas name[], p_on_failure text default null, p_statements text[] default null
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set check_function_bodies = on
as $$
declare
  v_kind text := case when p_statements is not null then 'toplevel' when p_action_sql is null then 'handler' else 'sql' end;
  v_mode text := coalesce(p_mode, case when p_action_sql is null then 'leased' else 'transactional' end);
  v_old pgrelay.channel;
  v_new pgrelay.channel;
  -- Quoted here, whoever calls: the text goes into the definition of a function. pg_catalog always comes first, by not being
  -- named, and the temporary schema, which the registrar's session alone has, last.
  v_search_path text := coalesce((select string_agg(quote_ident(s.name), ', ' order by s.place) || ', '
    from unnest(p_schemas) with ordinality s(name, place) where s.name !~ '^pg_(catalog$|temp)'), '') || 'pg_temp';
begin
  if p_name is null or p_name = '' or octet_length(p_name) > 200 then
    raise exception using errcode = 'PR004', message = format('channel name %L is not between 1 and 200 octets long', p_name),
      hint = 'Choose a shorter name.';
  elsif v_kind || ' ' || v_mode not in ('sql transactional', 'toplevel toplevel', 'handler transactional', 'handler leased') then
    raise exception using errcode = 'PR004', message = format('mode %L is not possible for channel %L', p_mode, p_name),
      hint = 'A SQL action is transactional, or toplevel for statements that cannot run in a transaction; a handler channel is transactional or leased.';
  elsif not p_statement_timeout between interval '1 millisecond' and interval '24 days' then
    raise exception using errcode = 'PR004',
      message = format('statement timeout %s of channel %L is not between 1 millisecond and 24 days', p_statement_timeout, p_name),
      hint = 'Give an interval such as ''30 seconds''.';
  elsif p_max_payload not between 1 and 268435456 then
    raise exception using errcode = 'PR004', message = format('max payload %s of channel %L is not between 1 and 268435456 octets', p_max_payload, p_name),
      hint = 'Store large data in a table and send its key.';
  end if;

  lock table pgrelay.channel in share row exclusive mode;
  perform pgrelay.this_node();           -- notify() needs its row, and in an extension nobody may have made it yet
  select c.* into v_old from pgrelay.channel c where c.name = p_name;
  v_new := v_old;
  v_new.name := p_name;
  v_new.kind := v_kind;
  v_new.mode := v_mode;
  v_new.action_sql := p_action_sql;
  v_new.action_checked := p_check or p_action_sql is null;
  v_new.search_path := case when v_kind <> 'handler' then v_search_path end;
  v_new.statements := p_statements;
  v_new.on_failure := case when p_on_failure is null then v_old.on_failure else pgrelay.failure_channel(p_name, p_on_failure) end;
  v_new.statement_timeout := coalesce(p_statement_timeout, v_old.statement_timeout, interval '30 seconds');
  v_new.parallel := coalesce(p_parallel, v_old.parallel, false);
  v_new.max_payload := coalesce(p_max_payload, v_old.max_payload, 1048576);

  if v_old.id is not null then
    if v_new is not distinct from v_old then
      if v_kind <> 'sql' or v_old.frame = pgrelay.frame_digest(v_old.id) then      -- else the private function is made anew
        return v_old.id;
      end if;
    elsif not p_replace then
      raise exception using errcode = 'PR005', message = format('channel %L is already registered, differently', p_name),
        hint = 'Pass p_replace => true to change it, or drop it with pgrelay.drop_channel().';
    end if;
  end if;
  if v_kind = 'sql' then
    perform pgrelay.check_action(p_action_sql);
  elsif v_kind = 'toplevel' then
    perform pgrelay.check_statements(p_statements);
  end if;

  if v_old.id is null then
    insert into pgrelay.channel (name, kind, mode, action_sql, action_checked, search_path, statement_timeout, parallel, max_payload,
        on_failure, statements, registered_by)
      values (v_new.name, v_new.kind, v_new.mode, v_new.action_sql, v_new.action_checked, v_new.search_path,
        v_new.statement_timeout, v_new.parallel, v_new.max_payload, v_new.on_failure, v_new.statements, session_user)
      returning id into v_new.id;
    insert into pgrelay.channel_turn (channel_id) values (v_new.id);
    insert into pgrelay.lane (channel_id, priority) values (v_new.id, 0);
  else
    update pgrelay.channel c set kind = v_new.kind, mode = v_new.mode, action_sql = v_new.action_sql, action_checked = v_new.action_checked,
        search_path = v_new.search_path, statement_timeout = v_new.statement_timeout, parallel = v_new.parallel,
        max_payload = v_new.max_payload, on_failure = v_new.on_failure, statements = v_new.statements,
        handler_kind = case when v_new.kind = 'handler' then c.handler_kind end, registered_by = session_user, registered_at = pgrelay.clock_now()
      where c.id = v_old.id;
  end if;
  if v_kind = 'sql' then
    perform pgrelay.build_action(v_new.id, p_action_sql, v_search_path, p_check);
  elsif v_old.kind = 'sql' then
    perform pgrelay.drop_action(v_old.id);
  end if;
  perform pgrelay.announce_channels();
  return v_new.id;
end $$;
