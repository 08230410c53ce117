-- Follows views and tables that were renamed or moved to another schema: the registry knows them by oid, but a restore
-- finds them by name. Returns how many names were out of date; 0 while somebody registers. Never waits.
create or replace function pgauto_mv.keep_names_v1() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_views bigint[] := array(
    select m.id from pgauto_mv.mv m join pg_class c on c.oid = m.view join pg_namespace n on n.oid = c.relnamespace
    where m.node_id = pgauto_mv.node_here() and (m.schema_name, m.view_name) is distinct from (n.nspname, c.relname));
  v_watches bigint[] := array(
    select w.id from pgauto_mv.watch w join pg_class c on c.oid = w.relation join pg_namespace n on n.oid = c.relnamespace
    where (w.schema_name, w.relation_name) is distinct from (n.nspname, c.relname)
      and not exists (select from pgauto_mv.mv m where m.node_id is distinct from pgauto_mv.node_here()));
begin
  if v_views = '{}' and v_watches = '{}' then
    return 0;
  end if;
  lock table pgauto_mv.watch in share row exclusive mode nowait;
  update pgauto_mv.mv m set schema_name = n.nspname, view_name = c.relname
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = m.view and m.id in (select l.id from pgauto_mv.mv l where l.id = any (v_views) for update skip locked);
  update pgauto_mv.watch w set schema_name = n.nspname, relation_name = c.relname
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = w.relation and w.id = any (v_watches);
  return cardinality(v_views) + cardinality(v_watches);
exception when lock_not_available then
  return 0;
end $$;
