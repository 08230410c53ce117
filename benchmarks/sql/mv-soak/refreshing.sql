-- Views that a session holds or awaits the lock of a REFRESH on, plain or CONCURRENTLY, and those on which more than one does.
select count(*)::integer as refreshing, coalesce(array_agg(x.view) filter (where x.backends > 1), '{}') as doubled
from (
  select m.view_name::text as view, count(distinct l.pid) as backends
  from pg_locks l
  join pgauto_mv.mv m on m.view = l.relation
  join pg_stat_activity a on a.pid = l.pid and a.backend_type = 'client backend'
  where l.locktype = 'relation' and l.mode in ('ExclusiveLock', 'AccessExclusiveLock')
    and l.database = (select d.oid from pg_database d where d.datname = current_database())
  group by m.view_name) x
