-- For refresh_due(): the view that is due and has been so longest, with the reason, and the token of who waits for it. With
-- p_view that one, due or not. No row when nothing is due. p_done: views to leave out.
create or replace function pgauto_mv.next_due_v1(p_view oid, p_done bigint[]) returns table (mv_id bigint, source text, token xid8)
language sql volatile security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
  select o.mv_id, case when p_view is not null then 'now' else o.due_source end,
    case when p_view is not null then pg_current_xact_id() else (select w.token from pgauto_mv.wanted() w where w.mv_id = o.mv_id) end
  from pgauto_mv.observation o join pgauto_mv.mv m on m.id = o.mv_id
  where m.id <> all (p_done) and case when p_view is not null then m.view = p_view
    else o.due_at <= pgrelay.clock_now() and o.skip_reason is null end
  order by o.due_at, o.mv_id limit 1
$$;
