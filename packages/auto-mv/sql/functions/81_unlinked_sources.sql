-- What views with derived watches read and do not watch: relation and operation. From catalog rows alone, so it waits
-- for no table.
create or replace function pgauto_mv.unlinked_sources() returns table (mv_id bigint, relation oid, operation text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select distinct m.id, x.relation, o.operation
  from pgauto_mv.mv m
  cross join lateral pgauto_mv.read_by(m.view) b
  cross join lateral pgauto_mv.with_children(b.relation) x
  join pg_class c on c.oid = x.relation
  join pg_namespace n on n.oid = c.relnamespace and n.nspname not in ('pg_catalog', 'information_schema')
  cross join lateral unnest(case x.kind when 'm' then array['REFRESH'] else array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] end) o(operation)
  where m.derived and x.kind in ('r', 'p', 'm') and not exists (
    select from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id
    where d.mv_id = m.id and w.relation = x.relation)
$$;
