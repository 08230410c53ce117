-- Registrations whose view is gone, and the materialized view that has its name now and is not registered itself.
create or replace function pgauto_mv.recreated_views() returns table (mv_id bigint, view oid)
language sql stable security definer rows 2 set search_path = pg_catalog, pg_temp
as $$
  select m.id, c.oid from pgauto_mv.mv m
  join pg_namespace n on n.nspname = m.schema_name
  join pg_class c on c.relnamespace = n.oid and c.relname = m.view_name and c.relkind = 'm'
  where not exists (select from pg_class v where v.oid = m.view) and not exists (select from pgauto_mv.mv o where o.view = c.oid)
$$;
