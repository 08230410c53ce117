-- Whether a watch of a relation notices all that another of the same relation would. One for each statement does not
-- notice what a statement on a parent writes, which one for each row does: it covers that only in a table without relatives.
create or replace function pgauto_mv.covers(p_relation oid, p_operation text, p_other text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p_operation = p_other
    or p_operation = split_part(p_other, ' ', 1) || ' FOR EACH ROW'
    or coalesce(pgauto_mv.watch_columns(p_operation) @> pgauto_mv.watch_columns(p_other), false)
    or p_operation = split_part(p_other, ' ', 1) and not exists (
      select from pg_inherits i where i.inhrelid = p_relation or i.inhparent = p_relation)
$$;
