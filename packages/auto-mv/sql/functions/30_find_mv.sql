-- The id under which a view is registered: by oid, or (p_view NULL) by the names it had when it was registered, so that
-- a registration whose view is gone can still be found. PM004 when there is none.
create or replace function pgauto_mv.find_mv(p_view oid, p_mv_name text default null, p_mv_schema text default null) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
begin
  if p_view is null then
    select m.id into v_id from pgauto_mv.mv m
      join pg_class c on c.oid = m.view join pg_namespace n on n.oid = c.relnamespace
      where c.relname = p_mv_name and n.nspname = p_mv_schema;
    if v_id is null then
      select m.id into v_id from pgauto_mv.mv m where m.view_name = p_mv_name and m.schema_name = p_mv_schema order by m.id limit 1;
    end if;
  else
    select m.id into v_id from pgauto_mv.mv m where m.view = p_view;
  end if;
  if v_id is null then
    raise exception using errcode = 'PM004',
      message = format('view %s is not registered', coalesce(pgauto_mv.relation_name(p_view), p_view::text, quote_ident(p_mv_schema) || '.' || quote_ident(p_mv_name), 'NULL')),
      hint = 'Look for it in the view pgauto_mv.freshness, or register it with pgauto_mv.register_mv().';
  end if;
  return v_id;
end $$;
