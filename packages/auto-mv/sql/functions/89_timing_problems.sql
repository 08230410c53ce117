-- The findings about schedules and the events after refreshes; see get_mv_problems.
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
$$;
