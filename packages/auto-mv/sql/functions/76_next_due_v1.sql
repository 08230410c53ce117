-- For refresh_due(): the view that is due and has been so longest, with the reason, and the token of who waits for it; of a group
-- the member that made it due. With p_view that one, due or not. No row when nothing is due. p_done: views to leave out.
create or replace function pgauto_mv.next_due_v1(p_view oid, p_done bigint[]) returns table (mv_id bigint, source text, token xid8)
language sql volatile security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
  select d.mv_id, case when p_view is not null then 'now' else d.source end,
    case when p_view is not null then pg_current_xact_id() else (select w.token from pgauto_mv.wanted() w where w.mv_id = d.mv_id) end
  from (
    select o.mv_id, o.due_source as source, o.due_at from pgauto_mv.observation o join pgauto_mv.mv m on m.id = o.mv_id
    where case when p_view is not null then m.view = p_view
      else m.group_id is null and o.due_at <= pgrelay.clock_now() and o.skip_reason is null end
    union all
    select g.mv_id, g.source, g.due_at from pgauto_mv.mv_group x cross join lateral pgauto_mv.group_due(x.id) g
    where p_view is null and g.due_at <= pgrelay.clock_now() and g.skip_reason is null) d
  where d.mv_id <> all (p_done)
  order by d.due_at, d.mv_id limit 1
$$;
