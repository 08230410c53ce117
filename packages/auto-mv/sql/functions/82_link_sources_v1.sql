-- Links a view whose watches are derived to what its query reads and nothing watches yet: a plain view below was
-- replaced, or a table has a new partition. Makes the view dirty. What the query reads no more stays watched, which
-- costs a refresh now and then. Returns the new watches, for the caller to put their triggers on; none while the view is
-- being refreshed or somebody registers. Never waits.
create or replace function pgauto_mv.link_sources_v1(p_mv_id bigint) returns table (watch_id bigint, relation oid, operation text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from pgauto_mv.state s where s.mv_id = p_mv_id for update skip locked;
  if not found then
    return;
  end if;
  lock table pgauto_mv.watch in share row exclusive mode nowait;
  return query
    select pgauto_mv.link_watch(p_mv_id, u.relation, u.operation), u.relation, u.operation
    from pgauto_mv.unlinked_sources() u where u.mv_id = p_mv_id order by 2, 3;
exception when lock_not_available then
  return;
end $$;
