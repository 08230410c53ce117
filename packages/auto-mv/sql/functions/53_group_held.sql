-- What keeps a group from being refreshed until somebody does something about one member, which is named: paused, installing or
-- gated. NULL: nothing. A member whose view is gone holds nobody up: it is left out until it is made again.
create or replace function pgauto_mv.group_held(p_group_id bigint) returns table (reason text, mv_id bigint)
language sql stable security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
  select x.reason, x.id from (
    select m.id, case when m.paused_at is not null then 'paused'
      when s.snap is null and pgauto_mv.installing(m.id) then 'installing'
      when pgauto_mv.is_gated(m.id) then 'gated' end as reason
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id
    where m.group_id = p_group_id and exists (select from pg_class c where c.oid = m.view)) x
  where x.reason is not null order by x.id limit 1
$$;
