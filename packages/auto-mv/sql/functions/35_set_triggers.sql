-- Switches the triggers of watches on a relation off (p_on false), or on as they are wanted (p_disabled: also those that are
-- off), as the calling role, which must own it. Only those that are not so already; waits at most 100 ms for the table.
-- Errors: PM009, PM010.
create or replace function pgauto_mv.set_triggers(p_relation oid, p_on boolean, p_disabled boolean default true) returns void
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  v_table text := pgauto_mv.relation_name(p_relation);
  v_trigger record;
begin
  for v_trigger in
    select t.name, case when not p_on then 'disable' else case t.wanted when 'A' then 'enable always' when 'R' then 'enable replica' else 'enable' end end as how
    from pgauto_mv.relation_triggers(p_relation) t where t.enabled <> case when p_on then t.wanted else 'D'::"char" end
      and (p_disabled or t.enabled <> 'D') order by t.name
  loop
    execute format('alter table %s %s trigger %I', v_table, v_trigger.how, v_trigger.name);
  end loop;
exception
  when lock_not_available or deadlock_detected then
    raise exception using errcode = 'PM009', message = format('%s could not be locked within 100 ms to switch its triggers', v_table),
      hint = 'A longer transaction writes to it. Nothing has been changed: try again when it has ended.';
  when insufficient_privilege then
    raise exception using errcode = 'PM010', message = format('%I may not switch a trigger of %s', current_user, v_table),
      hint = format('Call it as the owner of %s.', v_table);
end $$;
