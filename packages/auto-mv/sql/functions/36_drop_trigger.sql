-- Takes the triggers of a watch off its table, as the calling role, which must own the table. Nothing when they or the
-- table have gone. Waits at most 100 ms. Errors: PM009, PM010 as create_trigger.
create or replace function pgauto_mv.drop_trigger(p_watch_id bigint, p_relation oid) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_table text := pgauto_mv.relation_name(p_relation);
  v_trigger name;
  v_dropped boolean := false;
begin
  for v_trigger in
    select t.tgname from pg_trigger t
    where t.tgrelid = p_relation and not t.tgisinternal and t.tgparentid = 0
      and t.tgfoid in (to_regprocedure('pgauto_mv.capture()'), to_regprocedure('pgauto_mv.capture_once()'))
      and pgauto_mv.trigger_watch(t.tgargs) = p_watch_id
    order by t.tgname
  loop
    execute format('drop trigger %I on %s', v_trigger, v_table);
    v_dropped := true;
  end loop;
  return v_dropped;
exception
  when lock_not_available or deadlock_detected then
    raise exception using errcode = 'PM009', message = format('%s could not be locked within 100 ms to take the trigger off', v_table),
      hint = 'A longer transaction uses it. Nothing has been unregistered: try again when it has ended.';
  when insufficient_privilege then
    raise exception using errcode = 'PM010', message = format('%I may not take a trigger off %s', current_user, v_table),
      hint = format('Call it as the owner of %s.', v_table);
end $$;
