-- Splits SQL text into its statements, with comments removed. Knows quotes, E'' strings, quoted identifiers, dollar
-- quotes and nested comments; it does not know BEGIN ATOMIC. For looking at an action when it is registered, never for
-- running it.
create or replace function pgrelay.split_statements(p_sql text) returns text[]
language plpgsql immutable set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_at integer := 1;
  v_length integer := length(p_sql);
  v_rest text;
  v_token text;
  v_current text := '';
  v_statements text[] := '{}';
  v_depth integer;
begin
  while v_at <= v_length loop
    v_rest := substr(p_sql, v_at);
    if v_rest ~ '^--' then
      v_token := substring(v_rest from '^--[^\n]*');
      v_at := v_at + length(v_token);
      continue;
    elsif v_rest ~ '^/\*' then
      v_depth := 0;
      loop
        if substr(p_sql, v_at, 2) = '/*' then v_depth := v_depth + 1; v_at := v_at + 2;
        elsif substr(p_sql, v_at, 2) = '*/' then v_depth := v_depth - 1; v_at := v_at + 2;
        else v_at := v_at + 1;
        end if;
        exit when v_depth = 0 or v_at > v_length;
      end loop;
      v_current := v_current || ' ';
      continue;
    elsif v_rest ~ '^;' then
      if btrim(v_current, E' \t\r\n') <> '' then v_statements := v_statements || btrim(v_current, E' \t\r\n'); end if;
      v_current := '';
      v_at := v_at + 1;
      continue;
    end if;
    v_token := coalesce(
      substring(v_rest from '^[eE]''(?:[^''\\]|\\.|'''')*'''),
      substring(v_rest from '^''(?:[^'']|'''')*'''),
      substring(v_rest from '^"(?:[^"]|"")*"'),
      substring(v_rest from '^[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*'));
    if v_token is null and v_rest ~ '^\$([A-Za-z_][A-Za-z0-9_]*)?\$' then
      v_token := substring(v_rest from '^(\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$)');
      v_token := left(v_rest, coalesce(nullif(position(v_token in substr(v_rest, length(v_token) + 1)), 0)
        + 2 * length(v_token) - 1, length(v_rest)));
    end if;
    v_token := coalesce(v_token, left(v_rest, 1));
    v_current := v_current || v_token;
    v_at := v_at + length(v_token);
  end loop;
  if btrim(v_current, E' \t\r\n') <> '' then v_statements := v_statements || btrim(v_current, E' \t\r\n'); end if;
  return v_statements;
end $$;
