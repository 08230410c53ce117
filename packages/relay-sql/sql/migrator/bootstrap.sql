-- Before the first migration: the schemas and the two tables in which the migrator keeps what it did. Runs as the
-- installing login, which needs CREATE on the database the first time only.
do $$
begin
  if to_regnamespace('pgrelay') is null then
    create schema pgrelay authorization pgrelay_owner;
  end if;
  if to_regnamespace('pgrelay_action') is null then
    create schema pgrelay_action authorization pgrelay_owner;
  end if;
  set local role pgrelay_owner;
  if to_regclass('pgrelay.schema_migration') is null then
    create table pgrelay.schema_migration (
      module text not null,
      version integer not null,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default clock_timestamp(),
      primary key (module, version)
    );
    create table pgrelay.schema_module (
      module text primary key,
      checksum text not null,               -- of its functions and grants, which are re-applied as a whole
      applied_at timestamptz not null default clock_timestamp()
    );
  end if;
end $$;
