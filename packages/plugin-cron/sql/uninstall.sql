-- What is lost with the schema pgrelay_cron: kind lost; and the channels of its jobs: kind channel.
select 'lost' as kind, 'job ' || j.name as object, pg_catalog.format('%s, next at %s', j.spec, j.next_fire_at) as detail from pgrelay_cron.job j where j.state <> 'unscheduled'
union all
select 'lost', 'pgrelay_cron.runs', pg_catalog.format('which of %s events was which occurrence', pg_catalog.count(*)) from pgrelay_cron.fire f having pg_catalog.count(*) > 0
union all
select 'channel', j.channel, 'of job ' || j.name from pgrelay_cron.job j join pgrelay.channel c on c.name = j.channel where j.kind = 'command'
