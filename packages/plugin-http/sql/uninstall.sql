-- What is lost with the schema pgrelay_http: kind lost; and the channels of its endpoints: kind channel.
select 'lost' as kind, 'endpoint ' || c.name as object, pg_catalog.format('%s %s, with its secrets', e.method, e.origin) as detail
from pgrelay_http.endpoint e join pgrelay.channel c on c.id = e.channel_id
union all
select 'lost', 'pgrelay_http.attempts', pg_catalog.format('%s rows, one a request', pg_catalog.count(*)) from pgrelay_http.attempts a having pg_catalog.count(*) > 0
union all
select 'channel', c.name, 'of an endpoint' from pgrelay_http.endpoint e join pgrelay.channel c on c.id = e.channel_id
