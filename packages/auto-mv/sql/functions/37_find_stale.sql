-- Registrations under the name of p_view whose own view is gone: it was dropped and made again.
create or replace function pgauto_mv.find_stale(p_view oid) returns setof bigint
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select m.id from pgauto_mv.mv m
  join pg_class c on c.oid = p_view and c.relname = m.view_name
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = m.schema_name
  where not exists (select from pg_class v where v.oid = m.view)
$$;
