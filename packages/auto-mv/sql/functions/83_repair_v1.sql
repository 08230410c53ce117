-- Puts the first missing trigger back that the calling role may put back and whose table and views are free, and makes
-- its views dirty in the same transaction. One a call, so that no table stays locked for the sake of another.
-- Returns its watch, NULL when there is nothing that can be done now.
create or replace function pgauto_mv.repair_v1() returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch record;
begin
  for v_watch in select t.watch_id, t.relation, t.operation from pgauto_mv.missing_triggers() t loop
    begin
      if pgauto_mv.invalidate_watch(v_watch.watch_id, 'the trigger was missing') then
        perform pgauto_mv.create_trigger(v_watch.watch_id, v_watch.relation, v_watch.operation);
        return v_watch.watch_id;
      end if;
    exception when sqlstate 'PM006' or sqlstate 'PM009' or sqlstate 'PM010' then
      null;                           -- get_mv_problems() shows it until it is back
    end;
  end loop;
  return null;
end $$;
