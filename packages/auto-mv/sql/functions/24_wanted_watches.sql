-- The watches that the query of a view asks for: of tables by relation_watches(), of materialized views their refreshes.
-- From catalog rows alone, so it waits for no table. why: for what reason all columns of an UPDATE matter.
create or replace function pgauto_mv.wanted_watches(p_view oid) returns table (relation oid, operation text, why text)
language sql stable rows 12 set search_path = pg_catalog, pg_temp
as $$
  with used as materialized (
    select u.relation, u.columns, u.why, c.relkind as kind from pgauto_mv.used_columns(p_view) u
    join pg_class c on c.oid = u.relation
    join pg_namespace n on n.oid = c.relnamespace and n.nspname not in ('pg_catalog', 'information_schema')
  )
  select x.relation, x.operation, case when x.operation ~ '^UPDATE( FOR EACH ROW)?$' then coalesce(x.why, u.why) end
  from used u cross join lateral pgauto_mv.relation_watches(u.relation, array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'], u.columns) x
  where u.kind in ('r', 'p')
  union
  select u.relation, 'REFRESH', null from used u where u.kind = 'm'
$$;
