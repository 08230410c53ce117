-- The watches that the caller asks for, with the names of their tables read as the caller's SQL would read them and then
-- qualified; a name that is no table's stays as it is. It is the one place that looks names up in the caller's search_path,
-- so it uses no operator, and no other name that is not qualified.
create or replace function pgauto_mv.qualify_watches(p_watch_tables pgauto_mv.mv_watch_spec[]) returns pgauto_mv.mv_watch_spec[]
language plpgsql stable
as $$
declare
  v_spec pgauto_mv.mv_watch_spec;
  v_specs pgauto_mv.mv_watch_spec[];
begin
  foreach v_spec in array coalesce(p_watch_tables, '{}') loop
    begin
      v_spec.table_name := coalesce(pgauto_mv.relation_name(pg_catalog.to_regclass(v_spec.table_name)), v_spec.table_name);
    exception when syntax_error or invalid_name or undefined_object or feature_not_supported then
      null;                                        -- check_watch_tables says so
    end;
    v_specs := pg_catalog.array_append(v_specs, v_spec);
  end loop;
  return v_specs;
end $$;
