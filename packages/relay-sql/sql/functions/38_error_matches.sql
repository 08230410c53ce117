-- What a retry rule may match in an error, the most exact first: SQLSTATE, HTTP status, the code and the names (class by class)
-- of a JavaScript error; then the classes of SQLSTATE and status; then our own code, which tells little; then any.
--   p_error   {sqlstate, status, errorCode, names, code}
create or replace function pgrelay.error_matches(p_error jsonb) returns text[]
language sql immutable security definer set search_path = pg_catalog, pg_temp
as $$
  select array_remove(array['sqlstate:' || (p_error ->> 'sqlstate'), 'http:' || (p_error ->> 'status'), 'code:' || (p_error ->> 'errorCode')]
    || array(select 'error:' || n.name
      from jsonb_array_elements_text(case jsonb_typeof(p_error -> 'names') when 'array' then p_error -> 'names' else '[]' end)
        with ordinality n(name, place) order by n.place)
    || array['sqlstate:' || left(p_error ->> 'sqlstate', 2), 'http:' || left(p_error ->> 'status', 1) || 'xx', 'code:' || (p_error ->> 'code'), 'any'],
    null)
$$;
