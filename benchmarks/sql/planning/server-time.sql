-- Server time in ms of all statements that sessions of the planner's role sent to this database so far, and how many; what
-- their functions run is in it.
select coalesce(sum(s.total_exec_time + s.total_plan_time), 0)::float8 as ms, coalesce(sum(s.calls), 0)::float8 as calls
from public.pg_stat_statements s
join pg_database d on d.oid = s.dbid and d.datname = current_database()
join pg_roles r on r.oid = s.userid and r.rolname = 'pgrelay_processor'
where s.toplevel
