-- What is lost with the schema pgrelay, and which Processors are alive; a row that loses nothing is left out.
select case when x.kind = 'processor' then x.kind else 'lost' end as kind, x.object, x.detail from (
  select 'events' as kind, 'channel ' || c.name as object, pg_catalog.format('%s events that wait or run, with their payloads', e.n) as detail
  from pgrelay.channel c cross join lateral (
    select (select pg_catalog.count(*) from pgrelay.queue q where q.channel_id = c.id) + (select pg_catalog.count(*) from pgrelay.delayed d where d.channel_id = c.id) as n) e
  where e.n > 0
  union all
  select 'failed', 'channel ' || f.channel, pg_catalog.format('%s failed events, with their payloads', pg_catalog.count(*)) from pgrelay.failed f group by f.channel
  union all
  select 'channels', 'registrations', pg_catalog.format('%s channels', pg_catalog.count(*)) from pgrelay.channel c having pg_catalog.count(*) > 0
  union all
  select 'log', 'pgrelay.log', pg_catalog.format('%s audit rows', pg_catalog.count(*)) from pgrelay.log l having pg_catalog.count(*) > 0
  union all
  select 'processor', pg_catalog.format('slot %s', i.slot), pg_catalog.format('%s pid %s is alive', i.host, i.pid)
  from pgrelay.instance i where i.alive and i.heartbeat_at > pg_catalog.clock_timestamp() - i.lease
) x order by x.kind, x.object collate "C"
