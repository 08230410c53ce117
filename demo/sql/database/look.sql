-- What is there under the name the demo uses: whether a demo made it, and whether somebody is connected.
select shobj_description(d.oid, 'pg_database') is not distinct from 'made by the pgrelay demo, which drops it and makes it anew' as ours,
  (select count(*)::integer from pg_stat_activity a where a.datid = d.oid and a.application_name like 'demo %') as sessions
from pg_database d where d.datname = 'pgrelay_demo'
