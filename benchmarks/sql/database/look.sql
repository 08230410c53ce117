-- What is there under a name ($1) that the benchmarks use: whether they made it, and whether somebody is connected.
select shobj_description(d.oid, 'pg_database') is not distinct from 'made by the pgrelay benchmarks, which drop it and make it anew' as ours,
  (select count(*)::integer from pg_stat_activity a where a.datid = d.oid) as sessions
from pg_database d where d.datname = $1
