-- The two tables in which the migrator keeps what it did. Runs as their owner.
do $$
begin
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
