-- The findings about schedules, the events after refreshes, and targets that cannot be kept; see get_mv_problems. Such a view is
-- refreshed as often as its share of a CPU allows. What a remedy proposes leaves a tenth of room.
create or replace function pgauto_mv.timing_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select 'schedule_never_fires', coalesce(pgauto_mv.relation_name(m.view), format('%I.%I', m.schema_name, m.view_name)),
      format('its schedule %L has no next time%s', m.schedule,
        case when exists (select from pgauto_mv.schedule c where c.name = m.schedule) then '' else ', and there is none of this name' end),
      format('select pgauto_mv.alter_mv(%L, %L, p_reset => array[''schedule'']); -- or another one', m.view_name, m.schema_name)
    from pgauto_mv.mv m join pgauto_mv.observation o on o.mv_id = m.id
    where m.schedule is not null and o.fire_spec is not null and o.fire_at is null
  union all
  select 'event_not_sent', coalesce(pgauto_mv.relation_name(m.view), format('%I.%I', m.schema_name, m.view_name)),
      format('channel %L took no event after the refresh at %s: %s', m.channel, s.done_at, s.event_sqlstate),
      '-- see pgrelay.channels: register the channel, or pgrelay.resume_channel(); the next refresh sends an event again'
    from pgauto_mv.mv m join pgauto_mv.state s on s.mv_id = m.id where m.channel is not null and s.event_sqlstate is not null
  union all
  select 'target_lag_unreachable', coalesce(pgauto_mv.relation_name(t.view), format('%I.%I', t.schema_name, t.view_name)),
      format('target %s s, reachable %s s at a share of %s with a refresh of %s s; a change is seen %s s after it was made%s, its refresh begins %s s after it was due',
        trim_scale(t.target), trim_scale(round(t.reachable, 2)), trim_scale(t.cpu_share), trim_scale(round(t.duration, 2)), trim_scale(round(t.unseen, 2)),
        case when t.below then ', with what the views above take' else '' end, trim_scale(round(t.delay, 2))),
      format('select pgauto_mv.alter_mv(%L, %L, p_target_lag => ''%s s''); -- or ', t.view_name, t.schema_name, trim_scale(case when t.reachable < 9 then ceil(t.reachable * 11) / 10 else ceil(t.reachable * 1.1) end))
        || case when t.share <= 1 then format('select pgauto_mv.alter_mv(%L, %L, p_cpu_share => %s); or ', t.view_name, t.schema_name, trim_scale(t.share)) else '(no share suffices) ' end
        || case when t.below then 'make the views above quicker, or the query cheaper' else 'make the query cheaper' end
    from (
      select m.view, m.schema_name, m.view_name, m.cpu_share, extract(epoch from m.target_lag) as target, r.reachable,
        (o.solved).duration, (o.solved).unseen, (o.solved).delay,
        ceil(110 * (o.solved).duration / greatest(extract(epoch from m.target_lag) - (o.solved).unseen - (o.solved).delay - (o.solved).duration, 0.001)) / 100 as share,
        exists (select from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id where d.mv_id = m.id and w.operation = 'REFRESH') as below
      from pgauto_mv.mv m join pgauto_mv.observation o on o.mv_id = m.id
      cross join lateral pgauto_mv.solve_times(extract(epoch from m.target_lag), m.cpu_share, (o.solved).duration, (o.solved).unseen, (o.solved).delay, null) r
      where m.target_lag is not null and (o.solved).duration is not null) t
    where t.reachable > t.target
$$;
