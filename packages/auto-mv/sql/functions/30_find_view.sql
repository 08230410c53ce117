-- The oid of a view given by its exact, unquoted name (as the published API takes it). PM001 when there is none.
create or replace function pgauto_mv.find_view(p_mv_name text, p_mv_schema text) returns oid
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_oid oid;
begin
  select c.oid into v_oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relname = p_mv_name and n.nspname = p_mv_schema;
  if v_oid is null then
    raise exception using errcode = 'PM001', message = format('there is no view %s', coalesce(quote_ident(p_mv_schema), 'NULL') || '.' || coalesce(quote_ident(p_mv_name), 'NULL')),
      hint = 'Give p_mv_name and p_mv_schema as they are in the catalog: without quotes, in the right case.';
  end if;
  return v_oid;
end $$;
