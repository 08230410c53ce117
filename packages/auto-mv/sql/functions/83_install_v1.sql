-- Puts the pending triggers of one table on, as the calling role, and makes the views that wait for them dirty in the same
-- transaction: one table a call, so that none stays locked for the sake of another. Those tried longest ago come first;
-- after p_failures tables that could not be had the rest waits for the next call (NULL: all are tried).
-- Returns the table, NULL when there was none that can be had now, and how many still wait.
create or replace function pgauto_mv.install_v1(p_failures integer default 3, out relation text, out waiting bigint)
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_role oid := (select r.oid from pg_roles r where r.rolname = current_user);
  v_table oid;
  v_watch record;
  v_code text;
  v_failed integer := 0;
begin
  for v_table in
    select t.relation from pgauto_mv.pending_triggers() t group by t.relation order by min(t.tried_at) nulls first, t.relation
  loop
    begin
      if pgauto_mv.trigger_grant(v_role, v_table) is not null then     -- asked first: a busy table would hide it
        raise exception using errcode = 'PM010', message = 'the trigger is not allowed', hint = pgauto_mv.trigger_grant(v_role, v_table);
      end if;
      for v_watch in select t.watch_id, t.operation from pgauto_mv.pending_triggers() t where t.relation = v_table order by t.watch_id loop
        if not pgauto_mv.invalidate_watch(v_watch.watch_id, 'the trigger was put on') then
          raise exception using errcode = 'PM009', message = 'a view of the watch is being refreshed', hint = 'Try again.';
        end if;
        perform pgauto_mv.create_trigger(v_watch.watch_id, v_table, v_watch.operation);
        perform pgauto_mv.note_installed(v_watch.watch_id);
      end loop;
      relation := pgauto_mv.relation_name(v_table);
    exception when sqlstate 'PM006' or sqlstate 'PM009' or sqlstate 'PM010' then
      get stacked diagnostics v_code = returned_sqlstate;
    end;
    exit when relation is not null;
    perform pgauto_mv.note_tried(v_table, v_code, current_user);
    v_failed := v_failed + 1;
    exit when v_failed >= p_failures;
  end loop;
  waiting := (select count(distinct t.relation) from pgauto_mv.pending_triggers() t);
end $$;
