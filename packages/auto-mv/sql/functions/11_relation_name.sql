-- The schema-qualified, quoted name of a relation as the catalog has it now; NULL when it is gone.
create or replace function pgauto_mv.relation_name(p_relation oid) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_relation
$$;
