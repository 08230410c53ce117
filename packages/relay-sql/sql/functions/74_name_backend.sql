-- A backend as a person looks for it: the worker of a Processor by its slot and number, any other by its application_name.
create or replace function pgrelay.name_backend(p_pid integer) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (select format('slot %s %s of %s pid %s (backend %s)', i.slot, b.purpose, i.host, i.pid, p_pid)
     from pgrelay.instance_backend b join pgrelay.instance i on i.slot = b.slot and i.epoch = b.epoch where b.pid = p_pid limit 1),
    (select format('slot %s, %s (backend %s)', i.slot, i.host, p_pid) from pgrelay.instance i where i.alive and i.host = 'CALL pgrelay.run' and i.pid = p_pid),
    (select format('backend %s (%s)', p_pid, coalesce(nullif(a.application_name, ''), 'no application_name')) from pg_stat_activity a where a.pid = p_pid),
    format('backend %s', p_pid))
$$;
