-- Says that the events of this database are to be delivered, although it is a copy of another: after a move or an upgrade, not
-- in a test copy, whose waiting events the original delivers too. Processors begin at once.
create or replace function pgrelay_http.confirm_node() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into pgrelay_http.node (system_identifier, database_oid)
    select s.system_identifier, d.oid from pg_control_system() s, pg_database d where d.datname = current_database()
    on conflict (only_one) do update set system_identifier = excluded.system_identifier, database_oid = excluded.database_oid,
      confirmed_by = session_user, confirmed_at = pgrelay.clock_now();
  perform pgrelay.announce_channels();
end $$;
