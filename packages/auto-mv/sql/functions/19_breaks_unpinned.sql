-- Whether the body of a function names something without its schema that pg_catalog does not have. Certain for
-- LANGUAGE sql, whose validator reads the body as a call would, with the search_path of this function; with the caller's
-- rights, and what those do not let be seen counts as found. For PL/pgSQL, which resolves names only as it runs: a word
-- after FROM, JOIN, UPDATE or ONLY that no schema stands before, that is no WITH query of the body, and that is the name
-- of a relation somewhere. Of other languages nothing is known.
create or replace function pgauto_mv.breaks_unpinned(p_function oid) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp set check_function_bodies = on set standard_conforming_strings = on
as $$
declare
  v_language name;
  v_body text;
begin
  select l.lanname, p.prosrc into v_language, v_body from pg_proc p join pg_language l on l.oid = p.prolang where p.oid = p_function;
  if v_language = 'sql' then
    begin
      perform fmgr_sql_validator(p_function);
    exception
      when undefined_table or undefined_function or undefined_object then return true;
      when others then null;
    end;
  elsif v_language = 'plpgsql' then
    v_body := regexp_replace(v_body, '--[^\n]*|/\*([^*]|\*+[^*/])*\*+/|''([^'']|'''')*''', ' ', 'g');
    return exists (
      select from regexp_matches(v_body, '\m(?:from|join|update|only)\s+([a-z_][a-z0-9_$]*)(?![a-z0-9_$]|\s*[.(])', 'gi') m(found)
      join pg_class c on c.relname = lower(m.found[1]) and c.relkind in ('r', 'p', 'v', 'm', 'f')
      where to_regclass(quote_ident(lower(m.found[1]))) is null
        and v_body !~* format('\m%s\s+(\([^()]*\)\s*)?as\s+(not\s+)?(materialized\s+)?\(', replace(m.found[1], '$', '\$')));
  end if;
  return false;
end $$;
