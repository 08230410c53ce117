-- Gives every registered view and watched relation the oid that its name has here. One that is not there gets an oid
-- that nothing has, which get_mv_problems() shows as gone. First all of them get such an oid, because the new one of a
-- relation may be the old one of another. The caller holds the registry.
create or replace function pgauto_mv.find_relations_by_name() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_found record;
begin
  update pgauto_mv.mv m set view = (4294967295 - m.id)::oid;
  for v_found in
    select m.id, c.oid from pgauto_mv.mv m
    join pg_namespace n on n.nspname = m.schema_name
    join pg_class c on c.relnamespace = n.oid and c.relname = m.view_name order by m.id desc
  loop
    begin
      update pgauto_mv.mv m set view = v_found.oid where m.id = v_found.id;
    exception when unique_violation then
      null;                           -- left over from a view of the same name that was dropped
    end;
  end loop;
  update pgauto_mv.watch w set relation = (4294967295 - w.id)::oid;
  for v_found in
    select w.id, c.oid from pgauto_mv.watch w
    join pg_namespace n on n.nspname = w.schema_name
    join pg_class c on c.relnamespace = n.oid and c.relname = w.relation_name order by w.id desc
  loop
    begin
      update pgauto_mv.watch w set relation = v_found.oid where w.id = v_found.id;
    exception when unique_violation then
      null;
    end;
  end loop;
end $$;
