-- Unties views from tables that have been dropped (gone_watches), and ends the gates of such tables. Returns how many ties
-- went. Never waits.
create or replace function pgauto_mv.unlink_gone_v1() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone bigint[];
begin
  delete from pgauto_mv.gate g where not exists (select from pg_class c where c.oid = g.relation);
  if not exists (select from pgauto_mv.gone_watches()) then
    return 0;
  end if;
  lock table pgauto_mv.watch in share row exclusive mode nowait;
  with gone as (
    delete from pgauto_mv.view_watch d using pgauto_mv.gone_watches() g where d.mv_id = g.mv_id and d.watch_id = g.watch_id returning d.watch_id
  )
  select array_agg(g.watch_id) into v_gone from gone g;
  perform pgauto_mv.forget_watch(w) from unnest(v_gone) w;
  return coalesce(cardinality(v_gone), 0);
exception when lock_not_available then
  return 0;
end $$;
