-- Whether a backend runs actions: a worker of a Processor, or a call of run().
create or replace function pgrelay.is_worker(p_pid integer) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select from pgrelay.instance_backend b join pgrelay.instance i on i.slot = b.slot and i.epoch = b.epoch
      where b.pid = p_pid and b.purpose not in ('control', 'heartbeat'))
    or exists (select from pgrelay.instance i where i.alive and i.host = 'CALL pgrelay.run' and i.pid = p_pid)
    or exists (select from pg_stat_activity a where a.pid = p_pid and a.application_name like 'pgrelay worker%')       -- behind a pooler
$$;
