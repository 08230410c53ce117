-- The planner's part about groups, after it has looked at each view: asks (p_ask) for the refresh of each group that is due,
-- by the member that made it so. Returns when the next one is due, and the SQLSTATE of a request that failed. Writes only
-- observation, where the group's lowest member keeps what was asked for: the sum of the epochs, of which any claim makes another.
create or replace function pgauto_mv.plan_groups(p_ask boolean, out next_at timestamptz, out failed_sqlstate text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_group record;
  v_due record;
  v_asked pgauto_mv.observation;
begin
  for v_group in
    select g.id, min(m.id) as first_id, sum(s.epoch)::bigint as epochs from pgauto_mv.mv_group g
    join pgauto_mv.mv m on m.group_id = g.id join pgauto_mv.state s on s.mv_id = m.id group by g.id order by g.id
  loop
    select d.* into v_due from pgauto_mv.group_due(v_group.id) d;
    if v_due.due_at > v_now then
      next_at := least(next_at, v_due.due_at);
    elsif v_due.due_at <= v_now and v_due.skip_reason is null and p_ask then
      select o.* into v_asked from pgauto_mv.observation o where o.mv_id = v_group.first_id for update skip locked;
      if v_asked.mv_id is not null and (v_asked.requested_epoch is distinct from v_group.epochs or v_asked.requested_at < v_now - interval '5 s') then
        begin
          perform pgauto_mv.request_refresh(v_due.mv_id, v_due.source,
            case when v_due.source = 'wait' then (select w.token from pgauto_mv.wanted() w where w.mv_id = v_due.mv_id) end, 'group ' || v_group.id);
          update pgauto_mv.observation o set requested_epoch = v_group.epochs, requested_at = v_now where o.mv_id = v_group.first_id;
        exception when others then
          get stacked diagnostics failed_sqlstate = returned_sqlstate;
          next_at := least(next_at, v_now + interval '1 s');
        end;
      end if;
    end if;
  end loop;
end $$;
