-- The id of the node (see pgrelay.node) that this cluster and database are; NULL when it is not known yet. By what the
-- server says of itself, not by the mark in the table, which a restored dump brings along. Also on a standby, which is
-- the node of its primary.
create or replace function pgauto_mv.node_here() returns smallint
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select n.id from pgrelay.node n
  join pg_control_system() s on s.system_identifier = n.system_identifier
  join pg_database d on d.oid = n.database_oid and d.datname = current_database()
$$;
