-- Whether a foreign table is among the partitions or children of a table. No statement that reaches it may have a
-- transition table: PostgreSQL refuses to collect the rows of a foreign table.
create or replace function pgauto_mv.has_foreign_child(p_relation oid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when exists (select from pg_foreign_table) then exists (select from pgauto_mv.with_children(p_relation) x where x.kind = 'f') else false end
$$;
