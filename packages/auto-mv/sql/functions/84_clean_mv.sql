-- Rebuilds the triggers: puts those on that were left to the Processors and missing ones back, gives renamed ones their
-- name again, and takes off those whose watch is no more. With the caller's rights. Returns one row per thing done.
-- Errors: as repair and drop_trigger do.
create or replace function pgauto_mv.clean_mv() returns table (action text, object text)
language plpgsql set search_path = pg_catalog, pg_temp set standard_conforming_strings = on set lock_timeout = '100ms'
as $$
declare
  v_watch bigint;
  v_table text;
  v_trigger record;
begin
  perform pgauto_mv.lock_registry();
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
    select t.tgname, t.tgrelid, convert_from(trim(trailing '\x00'::bytea from t.tgargs), 'UTF8') as watch from pg_trigger t
    where t.tgfoid = 'pgauto_mv.capture()'::regprocedure and not t.tgisinternal order by t.tgrelid, t.tgname
  loop
    if not exists (select from pgauto_mv.watches w where w.watch_id::text = v_trigger.watch) then
      execute format('drop trigger %I on %s', v_trigger.tgname, pgauto_mv.relation_name(v_trigger.tgrelid));
      return query select 'trigger taken off', format('%I on %s', v_trigger.tgname, pgauto_mv.relation_name(v_trigger.tgrelid));
    elsif v_trigger.tgname <> 'pgauto_mv_' || v_trigger.watch then
      execute format('alter trigger %I on %s rename to %I', v_trigger.tgname, pgauto_mv.relation_name(v_trigger.tgrelid), 'pgauto_mv_' || v_trigger.watch);
      return query select 'trigger renamed', format('%I on %s', v_trigger.tgname, pgauto_mv.relation_name(v_trigger.tgrelid));
    end if;
  end loop;
end $$;
