-- What is lost with the schema pgauto_mv: kind lost; and its own channels: kind channel.
select 'lost' as kind, pg_catalog.format('registration of %I.%I', m.schema_name, m.view_name) as object, 'the view itself and its rows stay; nobody refreshes it any more' as detail
from pgauto_mv.mv m
union all
select 'lost', 'schedule ' || s.name, s.spec from pgauto_mv.schedule s
union all
select 'lost', 'pgauto_mv.log', pg_catalog.format('%s rows', pg_catalog.count(*)) from pgauto_mv.log l having pg_catalog.count(*) > 0
union all
select 'channel', c.name, 'of auto-mv' from pgrelay.channel c where c.name in ('pgauto_mv.refresh', 'pgauto_mv.sync')
