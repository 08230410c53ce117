-- The members of a group whose views are there, in the order in which they are refreshed: each after those that it reads or
-- is chained behind.
create or replace function pgauto_mv.group_members(p_group_id bigint) returns table (mv_id bigint, view oid, place bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with recursive member as materialized (
    select m.id, m.view from pgauto_mv.mv m where m.group_id = p_group_id and exists (select from pg_class c where c.oid = m.view)
  ), edge as materialized (
    select b.id as below, a.id as above from member b join pgauto_mv.view_watch d on d.mv_id = b.id
      join pgauto_mv.watch w on w.id = d.watch_id and w.operation = 'REFRESH' join member a on a.view = w.relation
    union
    select b.id, a.id from member b cross join lateral pgauto_mv.read_by(b.view) r join member a on a.view = r.relation
  ), step (id, depth) as (
    select m.id, 0 from member m
    union
    select e.below, s.depth + 1 from step s join edge e on e.above = s.id where s.depth < (select count(*) from member)
  )
  select m.id, m.view, row_number() over (order by max(s.depth), m.id) from member m join step s on s.id = m.id group by m.id, m.view
$$;
