-- Whether this database is a copy of the one whose events were delivered, and nobody has confirmed it yet.
create or replace function pgrelay_http.is_held() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select exists (select from pgrelay_http.node n where n.system_identifier <> (select s.system_identifier from pg_control_system() s)
    or n.database_oid <> (select d.oid from pg_database d where d.datname = current_database()))
$$;
