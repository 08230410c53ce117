-- Repairs the first view that needs it for another reason than a missing trigger: makes it dirty when its basis has
-- changed (invalidate_changed_v1); links what it should watch by now, and puts the triggers on as the calling role. One a
-- call. Returns the registration's id, NULL when there is nothing that can be done now.
create or replace function pgauto_mv.repair_view_v1() returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint := pgauto_mv.invalidate_changed_v1();
begin
  if v_id is not null then
    return v_id;
  end if;
  perform pgauto_mv.unlink_gone_v1();
  for v_id in select distinct u.mv_id from pgauto_mv.unlinked_sources() u order by 1 loop
    begin
      perform pgauto_mv.create_trigger(l.watch_id, l.relation, l.operation)
        from pgauto_mv.link_sources_v1(v_id) l where l.operation <> 'REFRESH';
      if not exists (select from pgauto_mv.unlinked_sources() u where u.mv_id = v_id) then
        return v_id;
      end if;
    exception when sqlstate 'PM006' or sqlstate 'PM009' or sqlstate 'PM010' or sqlstate 'PM080' then
      null;                           -- get_mv_problems() shows it until it is done
    end;
  end loop;
  return null;
end $$;
