-- Records the calling connection as a backend of a Processor, so that whoever finds the Processor dead can end it.
-- Runs as the caller, who alone may see when its backend started.
create or replace function pgrelay.enter_backend_v1(p_slot smallint, p_epoch bigint, p_purpose text) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select pgrelay.record_backend_v1(p_slot, p_epoch, p_purpose, a.pid, a.backend_start)
  from pg_catalog.pg_stat_activity a where a.pid = pg_catalog.pg_backend_pid()
$$;
