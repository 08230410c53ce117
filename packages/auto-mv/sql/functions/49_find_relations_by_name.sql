-- Gives every registered view, watched relation and gate the oid that its name has here, and every watch of columns the
-- numbers that its trigger has, which was restored by their names (all columns where there is no trigger). One that is
-- not there gets an oid that nothing has, which get_mv_problems() shows as gone. First all of them get such an oid,
-- because the new one of a relation may be the old one of another. The caller holds the registry.
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
    select w.id, c.oid, regexp_replace(w.operation, ' OF [0-9,]+', coalesce((
      select ' OF ' || array_to_string(t.tgattr::smallint[], ',') from pg_trigger t
      where t.tgrelid = c.oid and t.tgattr <> ''::int2vector and t.tgfoid in (to_regprocedure('pgauto_mv.capture()'), to_regprocedure('pgauto_mv.capture_once()'))
        and t.tgnargs = 1 and pgauto_mv.trigger_watch(t.tgargs) = w.id limit 1), '')) as operation
    from pgauto_mv.watch w
    join pg_namespace n on n.nspname = w.schema_name
    join pg_class c on c.relnamespace = n.oid and c.relname = w.relation_name order by w.id desc
  loop
    begin
      update pgauto_mv.watch w set relation = v_found.oid, operation = v_found.operation where w.id = v_found.id;
    exception when unique_violation then                           -- another watch is the same by now: its views move over
      insert into pgauto_mv.view_watch (mv_id, watch_id, watched, chained)
        select d.mv_id, o.id, d.watched, d.chained from pgauto_mv.view_watch d join pgauto_mv.watch o on o.relation = v_found.oid and o.operation = v_found.operation
        where d.watch_id = v_found.id on conflict do nothing;
    end;
  end loop;

  with found as (
    select distinct g.relation as before, c.oid as here from pgauto_mv.gate g
    join pg_namespace n on n.nspname = g.schema_name join pg_class c on c.relnamespace = n.oid and c.relname = g.relation_name
  )
  update pgauto_mv.gate g set relation = r.here, source = s.here from found r, found s where r.before = g.relation and s.before = g.source;
end $$;
