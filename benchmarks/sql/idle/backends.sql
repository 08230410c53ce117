-- The backends of everybody who is connected, but for this session.
select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
