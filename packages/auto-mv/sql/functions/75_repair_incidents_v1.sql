-- Makes views dirty whose contents were found wrong, and notes which have been refreshed since: under a snapshot that holds all
-- that the comparison saw. A refresh that runs meanwhile may have begun before, so a view that is still not of such a snapshot is made
-- dirty again. Returns how many incidents are open. Never waits.
create or replace function pgauto_mv.repair_incidents_v1() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_incident record;
  v_open bigint := 0;
begin
  for v_incident in
    select i.id, i.mv_id, i.as_of, i.view_name, i.marked_at, m.id is not null as registered, s.snap, s.done_at,
      s.snap is not null and (pgauto_mv.snapshot_holds(s.snap, i.as_of) or pg_snapshot_xmax(i.as_of) > pg_snapshot_xmax(pg_current_snapshot())) as repaired
    from pgauto_mv.incident i left join pgauto_mv.mv m on m.id = i.mv_id left join pgauto_mv.state s on s.mv_id = i.mv_id
    where i.repaired_at is null order by i.id
  loop
    if not v_incident.registered or v_incident.repaired then
      update pgauto_mv.incident i set repaired_at = case when v_incident.registered then v_incident.done_at else pgrelay.clock_now() end,
        repaired_how = case when v_incident.registered then 'refreshed' else 'the view was unregistered' end where i.id = v_incident.id and i.repaired_at is null;
      continue;
    end if;
    v_open := v_open + 1;
    if v_incident.snap is not null then
      perform from pgauto_mv.state s where s.mv_id = v_incident.mv_id and s.snap::text = v_incident.snap::text for update skip locked;
      continue when not found;
      update pgauto_mv.state s set snap = null, snaps = null where s.mv_id = v_incident.mv_id;
      insert into pgauto_mv.log (kind, mv_id, view_name, reason) values ('repair', v_incident.mv_id, v_incident.view_name, 'its contents were not what its query gives');
    end if;
    update pgauto_mv.incident i set marked_at = pgrelay.clock_now() where i.id = v_incident.id and i.marked_at is null;
  end loop;
  return v_open;
end $$;
