-- Moves from the dirty-flag pattern: reads its control table (a row per view, the name in view_name) and the triggers that write
-- it, and registers the same views. It drops nothing: the rows "for you to run" are the statements that take the old triggers, functions
-- and the table away, in this order, and put a view in the table's place that has the same columns, for who reads it.
--   p_state     the control table; NULL: public.materialized_view_state
--   p_derived   true: watch what each query reads, with the columns, which also finds what the triggers forgot; false: the tables
--               and events of the triggers, as they are
-- Returns one row per view and statement. Errors: PM090 no control table; register_mv.
-- Runs as the caller, whose search_path finds the views: so every name is qualified.
create or replace function pgauto_mv.import_dirty_flag(p_state regclass default null, p_derived boolean default true)
returns table (action text, object text, statement text)
language plpgsql
as $$
declare
  v_state pg_catalog.oid := coalesce(p_state, pg_catalog.to_regclass('public.materialized_view_state'));
begin
  return query select i.action, i.object, i.statement
    from pgauto_mv.import_views(v_state, p_derived, pg_catalog.array_append(pg_catalog.current_schemas(false),
      (select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
       where c.oid operator(pg_catalog.=) v_state))) i;
end $$;
