-- Ends one backend of the Processors of this database, the one at this place (0 to 1) among them.
select a.application_name as name, pg_terminate_backend(a.pid) as ended
from (select a.*, row_number() over (order by a.pid) - 1 as place, count(*) over () as among
      from pg_stat_activity a where a.datname = current_database() and a.application_name like 'pgrelay %') a
where a.place = floor(a.among * $1::double precision)
