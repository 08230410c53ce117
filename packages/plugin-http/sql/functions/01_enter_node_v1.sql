-- What a Processor calls when it starts: notes the identity of this database, the first time. Returns whether deliveries are
-- held because the one that is noted is another's.
create or replace function pgrelay_http.enter_node_v1() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into pgrelay_http.node (system_identifier, database_oid)
    select s.system_identifier, d.oid from pg_control_system() s, pg_database d where d.datname = current_database()
    on conflict do nothing;
  return pgrelay_http.is_held();
end $$;
