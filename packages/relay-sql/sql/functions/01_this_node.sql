-- Makes sure that the row of this node is marked, and returns its id. Called when a Processor attaches and by the
-- migrator: a restored dump carries the mark of the cluster it came from, and this is where that is noticed.
-- The first call of all in a database also makes the slots and the default retry rule, where no migration has: CREATE EXTENSION makes
-- none, because it also runs when a dump is restored, which brings them along as they were.
create or replace function pgrelay.this_node() returns smallint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_system bigint := (select s.system_identifier from pg_control_system() s);
  v_database oid := (select d.oid from pg_database d where d.datname = current_database());
  v_id smallint;
begin
  select n.id into v_id from pgrelay.node n where n.is_this and n.system_identifier = v_system and n.database_oid = v_database;
  if found then
    return v_id;
  end if;
  lock table pgrelay.node in share row exclusive mode;
  if not exists (select from pgrelay.node) then
    insert into pgrelay.instance (slot) select generate_series(1, 64) on conflict do nothing;
    insert into pgrelay.retry_rule (sqlstate, delays) values ('40', array['3 seconds', '5 seconds', '10 seconds']::interval[]) on conflict do nothing;
  end if;
  update pgrelay.node set is_this = false where is_this;
  insert into pgrelay.node (system_identifier, database_oid, is_this) values (v_system, v_database, true)
    on conflict (system_identifier, database_oid) do update set is_this = true
    returning id into v_id;
  return v_id;
end $$;
