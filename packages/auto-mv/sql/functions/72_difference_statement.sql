-- The statement that counts the rows in which a view and its query differ: missing (the query gives them, the view has them
-- not) and surplus. As bags, by the equality of each type; columns of a type without one as text.
create or replace function pgauto_mv.difference_statement(p_view oid, p_query text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select format('with q as materialized (select %1$s from (%2$s) a(%3$s)), v as materialized (select %1$s from (select * from %4$s) a(%3$s))
    select (select pg_catalog.count(*) from (table q except all table v) x) as missing, (select pg_catalog.count(*) from (table v except all table q) x) as surplus',
    string_agg(case when pgauto_mv.has_equality(a.atttypid) then format('a.c%s', a.attnum) else format('pg_catalog.format(''%%L'', a.c%s)', a.attnum) end, ', ' order by a.attnum),
    p_query, string_agg(format('c%s', a.attnum), ', ' order by a.attnum), pgauto_mv.relation_name(p_view))
  from pg_attribute a where a.attrelid = p_view and a.attnum > 0 and not a.attisdropped
$$;
