-- explain_event: the private function of its SQL channel is missing or was altered, so that nothing of it is run.
create or replace function pgrelay.reason_action_missing(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'action_missing', format('the private function of channel %s is missing or was altered', p_event.channel),
    format('-- Register it again, as it was: pgrelay.register_channel(%L, …, p_replace => true).', p_event.channel)
  from pgrelay.channel c where c.id = p_event.channel_id and c.kind = 'sql' and p_event.stage in ('ready', 'delayed')
    and c.frame is distinct from pgrelay.frame_digest(c.id)
$$;
