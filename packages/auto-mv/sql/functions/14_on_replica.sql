-- Whether a view wants the watch to see what logical replication writes, too.
create or replace function pgauto_mv.on_replica(p_watch_id bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pgauto_mv.view_watch d join pgauto_mv.mv m on m.id = d.mv_id where d.watch_id = p_watch_id and m.fire_on_replica)
$$;
