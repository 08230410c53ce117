-- Refuses, when a SQL action is registered, what could only fail or do harm when it runs: statements that cannot run
-- inside a function, transaction control, changes of role, and SET without LOCAL (it would leak into every later action
-- of the same connection). Raises PR006 and names the statement's kind; never quotes the text.
create or replace function pgrelay.check_action(p_sql text) returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_statement text;
  v_reason text;
  v_inside constant text := 'cannot run inside a transaction';
begin
  if cardinality(pgrelay.split_statements(p_sql)) = 0 then
    raise exception using errcode = 'PR006', message = 'the action SQL has no statement in it',
      hint = 'Give at least one SQL statement; $1 is the payload.';
  end if;
  foreach v_statement in array pgrelay.split_statements(p_sql) loop
    v_statement := lower(regexp_replace(left(v_statement, 200), '\s+', ' ', 'g'));
    v_reason := case
      when v_statement ~ '^(begin|start transaction|commit|end|rollback|abort|savepoint|release|prepare transaction)\y'
        then 'controls the transaction, which belongs to the relay'
      when v_statement ~ '^(set( session| local)? role|reset role|set( session| local)? session authorization|reset session authorization)\y'
        then 'changes the role, which belongs to the relay'
      when v_statement ~ '^set\y' and v_statement !~ '^set (local|constraints)\y'
        then 'would leak into later actions of the connection; use SET LOCAL'
      when v_statement ~ '^(reset|discard)\y' then 'would change the connection for later actions'
      when v_statement ~ '^(vacuum|cluster$|create database|drop database|create tablespace|drop tablespace|alter system|checkpoint)'
        or v_statement ~ '^(create (unique )?index|drop index|reindex( \w+)?|alter table .* detach partition .*) concurrently\y'
        or v_statement ~ '^reindex .* concurrently\y'
        then v_inside
    end;
    if v_reason is not null then
      raise exception using errcode = 'PR006',
        message = format('the action SQL has a statement (%s …) that %s', upper(split_part(v_statement, ' ', 1)), v_reason),
        hint = case v_reason when v_inside
          then 'Register it by itself with p_mode => ''toplevel'': the statements of such a channel are sent outside a transaction block.'
          else 'Take the statement out of the action, or run it outside the relay.' end;
    end if;
  end loop;
end $$;
