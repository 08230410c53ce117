-- Refuses, when a top-level channel is registered, what would not run as it stands or would outlive its event: each
-- element must be one statement, without parameters, that neither controls a transaction nor changes settings or the
-- role. Raises PR006 and names the statement's kind; never quotes the text. What runs at the top level has no frame
-- around it, so this is advice against mistakes and no boundary: only pgrelay_admin may register it.
create or replace function pgrelay.check_statements(p_statements text[]) returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_statement text;
  v_reason text;
  v_parts text[];
begin
  if coalesce(cardinality(p_statements), 0) = 0 then
    raise exception using errcode = 'PR006', message = 'a top-level channel has no statement', hint = 'Give at least one SQL statement.';
  end if;
  foreach v_statement in array p_statements loop
    v_parts := pgrelay.split_statements(v_statement);
    if coalesce(cardinality(v_parts), 0) <> 1 then
      raise exception using errcode = 'PR006',
        message = format('an element of a top-level channel has %s statements in it, not one', coalesce(cardinality(v_parts), 0)),
        hint = 'Several statements sent as one text would be one transaction: pass p_action_sql => array[''…'', ''…''].';
    end if;
    v_reason := case
      when v_parts[1] ~* '^(begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\y'
        then 'controls the transaction; each statement of a top-level channel is sent by itself'
      when v_parts[1] ~* '^(set|reset|discard)\y' then 'changes settings or the role, which belong to the relay'
      when v_parts[1] ~* '^copy\y.*\y(stdin|stdout)\y' then 'needs a client that sends or reads rows'
      when regexp_replace(v_parts[1], '''([^'']|'''')*''|"([^"]|"")*"|(\$([A-Za-z_]\w*)?\$).*?\3', '', 'g') ~ '\$\d'
        then 'uses $1; the payload is not available at the top level'
    end;
    if v_reason is not null then
      raise exception using errcode = 'PR006',
        message = format('the top-level SQL has a statement (%s …) that %s', upper(substring(v_parts[1] from '^\w+')), v_reason),
        hint = 'Take it out; what depends on the payload belongs into a SQL action or a handler.';
    end if;
  end loop;
end $$;
