-- explain_event: its channel is paused or disabled.
create or replace function pgrelay.reason_channel_state(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'channel_' || p_event.channel_state, format('channel %s is %s', p_event.channel, p_event.channel_state),
    format('select pgrelay.resume_channel(%L);', p_event.channel)
  where p_event.stage in ('ready', 'delayed') and p_event.channel_state <> 'active'
$$;
