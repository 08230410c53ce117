-- Asks for a refresh of a registered view now, and returns the id of its event; see refresh_now.
create or replace function pgauto_mv.refresh_materialised_view_now(p_view regclass) returns bigint
language sql set search_path = pg_catalog, pg_temp
as $$ select pgauto_mv.refresh_now(pgauto_mv.find_mv(p_view)) $$;
