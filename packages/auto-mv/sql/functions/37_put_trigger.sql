-- Puts the trigger of a watch on for a registration, or (p_try false, or the table is busy) leaves it to the Processors.
-- Returns whether it is there. The right to do it is asked for first, since a busy table would hide that it is missing.
-- Runs with the caller's rights. Errors: PM010 not allowed, with the GRANT to run; PM006, PM007 as create_trigger.
create or replace function pgauto_mv.put_trigger(p_watch_id bigint, p_relation oid, p_operation text, p_try boolean) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_missing text;
begin
  if not exists (select from pgauto_mv.find_trigger(p_watch_id, p_relation)) then
    v_missing := pgauto_mv.trigger_grant((select r.oid from pg_roles r where r.rolname = current_user), p_relation);
    if v_missing is not null then
      raise exception using errcode = 'PM010',
        message = format('%I may not put a trigger on %s', current_user, pgauto_mv.relation_name(p_relation)),
        hint = 'Run as its owner: ' || v_missing;
    end if;
  end if;
  if p_try then
    begin
      perform pgauto_mv.create_trigger(p_watch_id, p_relation, p_operation);
      perform pgauto_mv.note_installed(p_watch_id);
      return true;
    exception when sqlstate 'PM009' then
      null;                           -- its lock request is gone with the subtransaction: nobody queues behind it any more
    end;
  end if;
  perform pgauto_mv.note_pending(p_watch_id);
  return false;
end $$;
