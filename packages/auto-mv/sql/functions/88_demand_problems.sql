-- The findings about what refreshes cost and whom they serve: views that take longer to refresh than they should be apart,
-- views nobody reads, views for which changes pile up; and about sync_mv(). See get_mv_problems.
create or replace function pgauto_mv.demand_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with mv as (
    select m.*, s.snap, s.done_at, s.scans, s.read_at, pgauto_mv.relation_name(m.view) as name,
      (select avg(extract(epoch from l.duration)) from (
        select l.duration from pgauto_mv.log l where l.mv_id = m.id and l.kind = 'attempt' and l.outcome = 'done' order by l.id desc limit 5) l) as took
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where exists (select from pg_class c where c.oid = m.view)
  ), cadence as (
    select v.*, case when v.max_wait > 0 then v.max_wait end as wait,
      case when o.fire_at is not null then extract(epoch from pgrelay.next_fire(o.fire_spec, o.fire_at, o.fire_zone) - o.fire_at) end as gap
    from mv v left join pgauto_mv.observation o on o.mv_id = v.id
  )
  select 'refresh_exceeds_cadence', c.name,
    format('its refreshes take %s s on average, and should come every %s s (%s)', round(c.took, 1), round(least(c.wait, c.gap), 1), case when c.gap <= c.took then 'schedule' else 'max_wait' end),
    concat(case when c.gap <= c.took then format('select pgauto_mv.alter_mv(%L, %L, p_schedule => ''%s seconds''); ', c.view_name, c.schema_name, ceil(c.took * 2)) end,
      case when c.wait <= c.took then format('select pgauto_mv.alter_mv(%L, %L, p_max_wait => %s); ', c.view_name, c.schema_name, ceil(c.took * 2)) end,
      '-- or make the query cheaper')
  from cadence c where c.took >= least(c.wait, c.gap)
  union all
  select 'not_read', v.name, format('refreshed for nobody: not read since %s, as far as the server counts', coalesce(v.read_at, v.registered_at)),
    format('select pgauto_mv.unregister_mv(%L, %L); -- or give it a longer refresh_lag', v.view_name, v.schema_name)
  from mv v
  where current_setting('track_counts')::boolean and pgauto_mv.scans(v.view) <= v.scans
    and coalesce(v.read_at, v.registered_at) < pgrelay.clock_now() - interval '30 days'
  union all
  select 'changes_pile_up', v.name, 'it has yet to serve more than 200,000 transactions, which stay in the change log until then',
    format('%sselect pgauto_mv.refresh_materialised_view_now(%L, %L); -- and see its other problems, or unregister it',
      case when v.paused_at is not null then format('select pgauto_mv.resume_mv(%L, %L); ', v.view_name, v.schema_name) else '' end, v.view_name, v.schema_name)
  from mv v
  where pg_stat_get_live_tuples('pgauto_mv.change'::regclass) >= 200000 and (
    select count(*) from (
      select from pgauto_mv.view_watch d join pgauto_mv.change c on c.watch_id = d.watch_id
      where d.mv_id = v.id and (v.snap is null or c.xid >= pg_snapshot_xmin(v.snap) and not pg_visible_in_snapshot(c.xid, v.snap)) limit 200000) x) = 200000
  union all
  select 'sync_failing', 'pgauto_mv.sync_mv()', format('failed with %s at %s', s.failed_sqlstate, s.ran_at), 'select * from pgauto_mv.sync_mv(); -- it is tried again every five minutes'
  from pgauto_mv.sync s where s.failed_sqlstate is not null
  union all
  select 'sync_overdue', 'pgauto_mv.sync_mv()', format('last ran at %s, and should follow the schedule %L', s.ran_at, s.spec),
    format('select pgauto_mv.schedule_sync(%L, %L);', s.spec, s.zone)
  from pgauto_mv.sync s
  where s.spec is not null and not exists (select from pgrelay.events e where e.channel = 'pgauto_mv.sync')
$$;
