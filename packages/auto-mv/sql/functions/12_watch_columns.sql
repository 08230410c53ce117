-- The numbers of the columns that a watch is limited to; NULL: all.
create or replace function pgauto_mv.watch_columns(p_operation text) returns smallint[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$ select string_to_array(substring(p_operation from '^UPDATE OF ([0-9,]+)'), ',')::smallint[] $$;
