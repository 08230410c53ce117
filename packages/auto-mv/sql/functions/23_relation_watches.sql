-- The watches by which some operations on a table and its partitions and children are noticed. p_columns: those whose UPDATE
-- matters (NULL: all, '{}': none). why: for what reason all columns are watched after all.
--
-- A trigger for each statement fires in the relation that the statement names, so each member of the family has one. It
-- does where a statement cannot reach a member by another way: when a member has a parent outside the family, its rows are
-- watched one by one. Those triggers PostgreSQL copies to all partitions, also to those to come.
-- UPDATE OF columns is for each row, too. For each statement it cannot be: with a column list there is no transition
-- table to look for a row in, and a BEFORE trigger, which could note the columns, fires for the first UPDATE of the table
-- in a query only: a cascade of a foreign key, or a second UPDATE in WITH, would be missed.
-- A row that moves to another partition is no UPDATE for a row trigger, but a DELETE and an INSERT: so where UPDATE of a
-- partition is watched row by row, DELETE is, too, whether it was asked for or not.
create or replace function pgauto_mv.relation_watches(p_relation oid, p_operations text[], p_columns smallint[])
returns table (relation oid, operation text, why text)
language sql stable rows 4 set search_path = pg_catalog, pg_temp
as $$
  with member as materialized (
    select x.relation, x.kind, c.relispartition from pgauto_mv.with_children(p_relation) x join pg_class c on c.oid = x.relation
  ), used as (
    select a.attname from pg_attribute a where a.attrelid = p_relation and a.attnum = any (p_columns)
  ), found as (
    select
      exists (select from member m join pg_inherits i on i.inhrelid = m.relation where i.inhparent not in (select p.relation from member p)) as beside,
      case when cardinality(p_columns) > 0 then coalesce(
        (select format('trigger %I of %s may change more columns than an UPDATE names', t.tgname, pgauto_mv.relation_name(t.tgrelid))
          from pg_trigger t join member m on m.relation = t.tgrelid
          where t.tgtype & 19 = 19 and t.tgenabled <> 'D' and not t.tgisinternal order by 1 limit 1),   -- BEFORE, ROW, UPDATE
        (select format('column %I is generated from others', a.attname) from pg_attribute a join member m on m.relation = a.attrelid
          join used u on u.attname = a.attname where a.attgenerated <> '' order by 1 limit 1),
        (select pgauto_mv.relation_name(m.relation) || ' is a foreign table' from member m where m.kind = 'f' order by 1 limit 1)) end as why
  ), trait as (
    select f.beside, f.why, case when f.why is null then p_columns end as columns,
      p_operations || case when f.beside and 'UPDATE' = any (p_operations) and 'DELETE' <> all (p_operations)
        and (select c.relispartition from pg_class c where c.oid = p_relation) then array['DELETE'] else '{}' end as operations,
      coalesce(f.why is null and cardinality(p_columns) > 0 and 'UPDATE' = any (p_operations), false) as by_column
    from found f
  ), wanted as (
    select m.relation, o.operation, t.why, t.columns,
      o.operation <> 'TRUNCATE' and (t.beside or t.by_column and (
        o.operation = 'UPDATE' or o.operation = 'DELETE' and (select c.relkind = 'p' from pg_class c where c.oid = p_relation))) as each_row,
      m.relispartition and m.relation <> p_relation as copied
    from trait t cross join member m cross join unnest(t.operations) o(operation)
    where m.kind in ('r', 'p')
  )
  select w.relation,
    case when w.operation = 'UPDATE' and w.columns is not null then
        'UPDATE OF ' || (select string_agg(a.attnum::text, ',' order by a.attnum) from pg_attribute a
          join used u on u.attname = a.attname where a.attrelid = w.relation and a.attnum > 0 and not a.attisdropped)
      else w.operation end || case when w.each_row then ' FOR EACH ROW' else '' end,
    case when w.operation = 'UPDATE' then w.why end
  from wanted w
  where not (w.each_row and w.copied) and not (w.operation = 'UPDATE' and coalesce(w.columns = '{}', false))
$$;
