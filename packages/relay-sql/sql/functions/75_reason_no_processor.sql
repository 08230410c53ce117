-- explain_event: nobody is there to run it: no Processor lives, or none that lives serves its channel. A call of run() serves SQL
-- channels, and no other.
create or replace function pgrelay.reason_no_processor(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'no_processor', coalesce('the last heartbeat of a Processor was at ' || (select max(i.heartbeat_at) from pgrelay.instance i)::text, 'none has ever been started'),
    case p_event.kind when 'sql' then 'call pgrelay.run();  -- or start a Processor: npx pgrelay start' else '-- Start a Processor: npx pgrelay start, or your own with the handler.' end
  where p_event.stage in ('ready', 'delayed')
    and not exists (select from pgrelay.instance i where i.alive and i.heartbeat_at > pgrelay.clock_now() - i.lease)
  union all
  select 'no_handler', format('of the %s living Processors none serves channel %s', x.living, p_event.channel),
    case when c.handler_kind is not null then format('-- Start a Processor with the plugin %s.', c.handler_kind)
      when c.kind = 'handler' then format('-- Start a Processor with a handler for %s.', p_event.channel) else '-- Start a Processor: npx pgrelay start.' end
  from pgrelay.channel c cross join lateral (
    select count(*) as living, bool_or(pgrelay.serves(i, c)) as served
    from pgrelay.instance i where i.alive and i.heartbeat_at > pgrelay.clock_now() - i.lease) x
  where c.id = p_event.channel_id and p_event.stage in ('ready', 'delayed') and x.living > 0 and not x.served
$$;
