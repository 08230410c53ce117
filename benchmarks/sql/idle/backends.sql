-- The backends of the connections of a Processor, its plugins' too, and not ours.
select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and application_name like 'pgrelay%'
