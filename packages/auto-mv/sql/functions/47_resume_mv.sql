-- Ends the pause of a view, by the names it was registered with or has now: what was captured meanwhile is served like
-- changes seen just now or earlier, after the same lag, max_wait and cooldown. Error: PM004.
create or replace function pgauto_mv.resume_mv(p_mv_name text, p_mv_schema text) returns void
language sql set search_path = pg_catalog, pg_temp
as $$ select pgauto_mv.set_paused(pgauto_mv.find_mv(null, p_mv_name, p_mv_schema), false) $$;
