-- Puts the trigger of a watch onto its table, as the calling role: it needs the TRIGGER privilege and no more, but for a
-- view with fire_on_replica the table's ownership. Waits at most 100 ms for the table, because writers queue behind a
-- waiting CREATE TRIGGER. Nothing when the trigger is there and fires where it should. Off while the table is gated.
-- Returns whether it did anything. Errors: PM009 not locked in time, PM010 not allowed, PM006 the table takes no trigger, PM007.
create or replace function pgauto_mv.create_trigger(p_watch_id bigint, p_relation oid, p_operation text) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_table text := pgauto_mv.relation_name(p_relation);
  v_name text := 'pgauto_mv_' || p_watch_id;
  v_event text := pgauto_mv.trigger_event(p_relation, p_operation);
  v_row boolean := p_operation ~ ' FOR EACH ROW$';
  v_missing boolean := not exists (select from pgauto_mv.find_trigger(p_watch_id, p_relation));
  v_replica boolean;
begin
  if v_event is null then
    raise exception using errcode = 'PM007', message = format('%L is no event of a table', p_operation),
      hint = 'Events are INSERT, UPDATE, DELETE and TRUNCATE.';
  end if;
  if v_missing then
    if exists (select from pg_trigger t where t.tgrelid = p_relation and t.tgname = v_name) then
      execute format('drop trigger %I on %s', v_name, v_table);    -- unfit, see find_trigger
    end if;
    execute format('create trigger %I after %s on %s', v_name, v_event, v_table) || case
      when v_row then format(' for each row %s execute function pgauto_mv.capture_once(%L)', pgauto_mv.trigger_when(p_watch_id), p_watch_id)
      when p_operation <> 'TRUNCATE' and pgauto_mv.has_foreign_child(p_relation) then
        format(' for each statement %s execute function pgauto_mv.capture_once(%L)', pgauto_mv.trigger_when(p_watch_id), p_watch_id)
      else format(' %s for each statement execute function pgauto_mv.capture(%L)',
        case p_operation when 'DELETE' then 'referencing old table as pgauto_mv_rows' when 'TRUNCATE' then ''
          else 'referencing new table as pgauto_mv_rows' end, p_watch_id)
      end;
  end if;
  v_replica := pgauto_mv.replica_missing(p_watch_id, p_relation, p_operation);
  if v_replica then
    if not (v_row or p_operation = 'TRUNCATE')
        and not exists (select from pgauto_mv.relation_triggers(p_relation) t where t.watch_id = p_watch_id and t.replica) then
      execute format('create trigger %I after %s on %s for each row %s execute function pgauto_mv.capture_once(%L, %L)',
        v_name || '_replica', v_event, v_table, pgauto_mv.trigger_when(p_watch_id), p_watch_id, 'replica');
    end if;
    perform pgauto_mv.set_triggers(p_relation, true, false);
  end if;
  if (v_missing or v_replica) and pgauto_mv.is_gated_source(p_relation) then
    perform pgauto_mv.set_triggers(p_relation, false);
  end if;
  return v_missing or v_replica;
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
