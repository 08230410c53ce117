-- Rebuilds what drifted: reconciles the registry with the catalog (sync_mv), then puts those on that were left to the Processors and missing ones back, gives renamed ones their
-- name again, and takes off those whose watch is no more, or that no view wants for replication any more. With the
-- caller's rights. Returns one row per thing done.
-- Errors: as repair and drop_trigger do.
create or replace function pgauto_mv.clean_mv() returns table (action text, object text)
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_watch bigint;
  v_table text;
  v_trigger record;
begin
  perform pgauto_mv.lock_registry();
  return query select s.action, s.object from pgauto_mv.sync_mv() s;
  loop
    v_table := (select i.relation from pgauto_mv.install_v1(null) i);
    exit when v_table is null;
    return query select 'triggers put on', v_table;
  end loop;
  loop
    v_watch := pgauto_mv.repair_v1();
    exit when v_watch is null;
    return query select 'trigger put back', format('pgauto_mv_%s on %s', v_watch, w.relation) from pgauto_mv.watches w
      where w.watch_id = v_watch limit 1;
  end loop;
  for v_trigger in
    select t.tgname, t.tgrelid, pgauto_mv.relation_name(t.tgrelid) as relation, f.watch_id is null or f.replica and not pgauto_mv.on_replica(f.watch_id) as stray,
      'pgauto_mv_' || f.watch_id || case when f.replica then '_replica' else '' end as proper
    from pg_trigger t left join lateral pgauto_mv.relation_triggers(t.tgrelid) f on f.name = t.tgname
    where t.tgfoid in (to_regprocedure('pgauto_mv.capture()'), to_regprocedure('pgauto_mv.capture_once()'))
      and not t.tgisinternal and t.tgparentid = 0 order by t.tgrelid, t.tgname
  loop
    if v_trigger.stray then
      execute format('drop trigger %I on %s', v_trigger.tgname, v_trigger.relation);
      return query select 'trigger taken off', format('%I on %s', v_trigger.tgname, v_trigger.relation);
    elsif v_trigger.tgname <> v_trigger.proper then
      execute format('alter trigger %I on %s rename to %I', v_trigger.tgname, v_trigger.relation, v_trigger.proper);
      return query select 'trigger renamed', format('%I on %s', v_trigger.tgname, v_trigger.relation);
    end if;
  end loop;
end $$;
