-- The wishes that a refresh of the view itself would fulfil: the transaction is not yet in all its snapshots, but in
-- those of every materialized view it reads. Otherwise the upstream one is wanted first, and this one follows.
create or replace function pgauto_mv.wanted() returns table (mv_id bigint, token xid8)
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with recursive wish (mv_id, token) as (
    select w.mv_id, w.token from pgauto_mv.wishes() w
    union
    select u.id, w.token from wish w join pgauto_mv.mv m on m.id = w.mv_id
    cross join lateral pgauto_mv.read_by(m.view) b join pgauto_mv.mv u on u.view = b.relation
  )
  select w.mv_id, max(w.token) from wish w
  join pgauto_mv.mv m on m.id = w.mv_id
  join pgauto_mv.state s on s.mv_id = w.mv_id
  where not pgauto_mv.in_all(w.token, s.snaps) and not exists (
    select from pgauto_mv.read_by(m.view) b
    left join pgauto_mv.mv u on u.view = b.relation
    left join pgauto_mv.state us on us.mv_id = u.id
    where b.kind = 'm' and not coalesce(pgauto_mv.in_all(w.token, us.snaps), false))
  group by w.mv_id
$$;
