-- The watches that the query of a view asks for: of tables by relation_watches(), of materialized views their refreshes.
-- From catalog rows alone, so it waits for no table. why: for what reason all columns of an UPDATE matter.
create or replace function pgauto_mv.wanted_watches(p_view oid) returns table (relation oid, operation text, why text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select x.relation, x.operation, case when x.operation ~ '^UPDATE( FOR EACH ROW)?$' then coalesce(x.why, u.why) end
  from pgauto_mv.used_columns(p_view) u
  join pg_class c on c.oid = u.relation and c.relkind in ('r', 'p')
  join pg_namespace n on n.oid = c.relnamespace and n.nspname not in ('pg_catalog', 'information_schema')
  cross join lateral pgauto_mv.relation_watches(u.relation, array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'], u.columns) x
  union
  select b.relation, 'REFRESH', null from pgauto_mv.read_by(p_view) b where b.kind = 'm'
$$;
