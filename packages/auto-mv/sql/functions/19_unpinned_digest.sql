-- Differs when one of the unpinned_functions() of a view was altered or replaced, came or went; NULL when there is none.
create or replace function pgauto_mv.unpinned_digest(p_view oid) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$ select md5(string_agg(f.version, ' ' order by f.version)) from pgauto_mv.unpinned_functions(p_view) f $$;
