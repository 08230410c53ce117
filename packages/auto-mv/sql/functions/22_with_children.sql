-- A table and everything that inherits from it: a statement addressed to a partition or a child fires the triggers of
-- that table only, so each needs its own.
create or replace function pgauto_mv.with_children(p_relation oid) returns table (relation oid, kind "char")
language sql stable rows 2 set search_path = pg_catalog, pg_temp
as $$
  with recursive family (relation) as (
    select p_relation
    union
    select i.inhrelid from family f join pg_inherits i on i.inhparent = f.relation where not i.inhdetachpending
  )
  select c.oid, c.relkind from family f join pg_class c on c.oid = f.relation
$$;
