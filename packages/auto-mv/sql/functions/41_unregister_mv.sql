-- Ends the registration of a view, by the names it was registered with or has now; also when the view is gone. The view
-- keeps its contents; triggers that no other view needs come off. Only the audit log remains.
-- Errors: PM004 not registered, PM009 a table or the view is busy, PM010 the caller does not own a watched table.
create or replace function pgauto_mv.unregister_mv(p_mv_name text, p_mv_schema text) returns void
language sql set search_path = pg_catalog, pg_temp
as $$ select pgauto_mv.uninstall_mv(pgauto_mv.find_mv(null, p_mv_name, p_mv_schema)) $$;
