-- The event of a watch as CREATE TRIGGER takes it, with the names of its columns; NULL when it is none.
create or replace function pgauto_mv.trigger_event(p_relation oid, p_operation text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_operation ~ '^((INSERT|UPDATE|DELETE)( FOR EACH ROW)?|TRUNCATE)$' then lower(split_part(p_operation, ' ', 1))
    when p_operation ~ '^UPDATE OF [0-9]+(,[0-9]+)* FOR EACH ROW$' then (
      select 'update of ' || string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
      where a.attrelid = p_relation and not a.attisdropped and a.attnum = any (pgauto_mv.watch_columns(p_operation)))
  end
$$;
