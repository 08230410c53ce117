-- Ends the pause of a view; see the other form.
create or replace function pgauto_mv.resume_mv(p_view regclass) returns void
language sql set search_path = pg_catalog, pg_temp
as $$ select pgauto_mv.set_paused(pgauto_mv.find_mv(p_view), false) $$;
