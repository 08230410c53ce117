-- The login roles of the Processors that serve refreshes of this database now: any of them may get the next one. Empty
-- while none is running.
create or replace function pgauto_mv.serving_logins() returns setof oid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select distinct a.usesysid
  from pgrelay.instance i
  join pgrelay.instance_backend b on b.slot = i.slot and b.epoch = i.epoch
  join pg_stat_activity a on a.pid = b.pid and a.datname = current_database() and (a.backend_start is null or a.backend_start = b.backend_start)
  where i.alive and 'pgauto_mv.refresh' = any (i.handlers) and a.usesysid is not null
$$;
