-- Lets a view rest, by the names it was registered with or has now: changes are captured, but nothing refreshes it until
-- resume_mv(), except who asks for it with refresh_materialised_view_now(). A refresh that runs goes on to its end. It is a
-- row in get_mv_problems(), and one skip in the log. Error: PM004.
create or replace function pgauto_mv.pause_mv(p_mv_name text, p_mv_schema text) returns void
language sql set search_path = pg_catalog, pg_temp
as $$ select pgauto_mv.set_paused(pgauto_mv.find_mv(null, p_mv_name, p_mv_schema), true) $$;
