-- Takes the trigger of a watch off its table, as the calling role, which must own the table. Nothing when trigger or
-- table have gone. Waits at most 100 ms. Errors: PM009, PM010 as create_trigger.
create or replace function pgauto_mv.drop_trigger(p_watch_id bigint, p_relation oid) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_table text := pgauto_mv.relation_name(p_relation);
  v_trigger name;
begin
  select t.name into v_trigger from pgauto_mv.find_trigger(p_watch_id, p_relation) t;
  if v_trigger is null then
    return false;
  end if;
  execute format('drop trigger %I on %s', v_trigger, v_table);
  return true;
exception
  when lock_not_available or deadlock_detected then
    raise exception using errcode = 'PM009', message = format('%s could not be locked within 100 ms to take the trigger off', v_table),
      hint = 'A longer transaction uses it. Nothing has been unregistered: try again when it has ended.';
  when insufficient_privilege then
    raise exception using errcode = 'PM010', message = format('%I may not take a trigger off %s', current_user, v_table),
      hint = format('Call it as the owner of %s.', v_table);
end $$;
