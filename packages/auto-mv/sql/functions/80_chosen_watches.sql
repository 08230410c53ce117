-- The watches that the caller's own choice comes to now: what the view watches, with the partitions and children that
-- its tables have by now.
create or replace function pgauto_mv.chosen_watches(p_mv_id bigint) returns table (relation oid, operation text)
language sql stable security definer rows 4 set search_path = pg_catalog, pg_temp
as $$
  with linked as materialized (
    select w.relation, array_agg(distinct split_part(w.operation, ' ', 1)) as operations
    from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id
    where d.mv_id = p_mv_id and w.operation <> 'REFRESH' group by w.relation
  ), parent as materialized (
    select l.relation, l.operations from linked l join pg_class c on c.oid = l.relation and c.relhassubclass
  )
  select x.relation, x.operation from parent p cross join lateral pgauto_mv.relation_watches(p.relation, p.operations, null) x
  where not exists (select from parent o cross join lateral pgauto_mv.with_children(o.relation) f where o.relation <> p.relation and f.relation = p.relation)
$$;
