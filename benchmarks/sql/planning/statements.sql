-- Whether the server counts statements: its settings are there when it was started with the module.
select exists (select from pg_settings s where s.name = 'pg_stat_statements.max') as counted
