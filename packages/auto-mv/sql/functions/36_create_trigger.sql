-- Puts the trigger of a watch onto its table, as the calling role: it needs the TRIGGER privilege and no more. Waits at
-- most 100 ms for the table, because writers queue behind a waiting CREATE TRIGGER. Nothing when the trigger is there.
-- Returns whether it made one. Errors: PM009 not locked in time, PM010 not allowed, PM006 the table takes no trigger, PM007.
create or replace function pgauto_mv.create_trigger(p_watch_id bigint, p_relation oid, p_operation text) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_table text := pgauto_mv.relation_name(p_relation);
begin
  if exists (select from pgauto_mv.find_trigger(p_watch_id, p_relation)) then
    return false;
  elsif p_operation is null or p_operation not in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') then
    raise exception using errcode = 'PM007', message = format('%L is no event of a table', p_operation),
      hint = 'Events are INSERT, UPDATE, DELETE and TRUNCATE.';
  end if;
  execute format('create trigger %I after %s on %s %s for each statement execute function pgauto_mv.capture(%L)',
    'pgauto_mv_' || p_watch_id, p_operation, v_table,
    case p_operation when 'DELETE' then 'referencing old table as pgauto_mv_rows' when 'TRUNCATE' then ''
      else 'referencing new table as pgauto_mv_rows' end,
    p_watch_id);
  return true;
exception
  when lock_not_available or deadlock_detected then
    raise exception using errcode = 'PM009', message = format('%s could not be locked within 100 ms to put a trigger on it', v_table),
      hint = 'A longer transaction writes to it: try again when it has ended.';
  when insufficient_privilege then
    raise exception using errcode = 'PM010', message = format('%I may not put a trigger on %s', current_user, v_table),
      hint = format('Run as its owner: grant trigger on %s to %I;', v_table, current_user);
  when wrong_object_type or feature_not_supported then
    raise exception using errcode = 'PM006', message = format('%s takes no statement trigger: %s', v_table, sqlerrm),
      hint = 'Watch its partitions instead, or leave it out.';
end $$;
