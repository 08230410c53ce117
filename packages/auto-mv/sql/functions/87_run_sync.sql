-- The action of the channel pgauto_mv.sync: sync_mv(), and the event for the next time, in one transaction. That is sent
-- whatever becomes of this time; after a failure in five minutes already, and get_mv_problems() shows it (sync_failing). An
-- event that another one has overtaken (schedule_sync) does nothing; a call by hand sends an event only when none waits.
create or replace function pgauto_mv.run_sync() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_sync pgauto_mv.sync;
  v_event bigint := (pgrelay.current_event()).id;
  v_now timestamptz := pgrelay.clock_now();
  v_code text;
begin
  select s.* into v_sync from pgauto_mv.sync s;
  if v_sync.spec is null or v_event <> v_sync.event_id then
    return;
  end if;
  begin
    perform pgauto_mv.sync_mv();
  exception when others then
    get stacked diagnostics v_code = returned_sqlstate;
    update pgauto_mv.sync s set ran_at = v_now, failed_sqlstate = v_code;
  end;
  if v_event is null and exists (select from pgrelay.delayed d where d.id = v_sync.event_id) then
    return;
  end if;
  v_event := pgrelay.notify('pgauto_mv.sync',
    p_run_at => least(pgrelay.next_fire(v_sync.spec, v_now, v_sync.zone), case when v_code is not null then v_now + interval '5 min' end));
  update pgauto_mv.sync s set event_id = v_event;
end $$;
