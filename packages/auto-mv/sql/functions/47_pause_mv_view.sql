-- Lets a view rest; see the other form.
create or replace function pgauto_mv.pause_mv(p_view regclass) returns void
language sql set search_path = pg_catalog, pg_temp
as $$ select pgauto_mv.set_paused(pgauto_mv.find_mv(p_view), true) $$;
