-- The server's version and the settings that figures depend on.
select current_setting('server_version') as version, json_object_agg(s.name, current_setting(s.name) order by s.name) as settings
from pg_settings s
where s.name in ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_level', 'shared_buffers', 'work_mem', 'max_wal_size', 'checkpoint_timeout',
  'max_parallel_workers_per_gather', 'jit')
