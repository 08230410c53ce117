-- Watches whose relation is gone, and the one of the same kind that has its name now.
create or replace function pgauto_mv.recreated_sources() returns table (watch_id bigint, relation oid)
language sql stable security definer rows 2 set search_path = pg_catalog, pg_temp
as $$
  select w.id, c.oid from pgauto_mv.watch w
  join pg_namespace n on n.nspname = w.schema_name
  join pg_class c on c.relnamespace = n.oid and c.relname = w.relation_name
    and case when w.operation = 'REFRESH' then c.relkind = 'm' else c.relkind in ('r', 'p') end
  where not exists (select from pg_class o where o.oid = w.relation)
$$;
