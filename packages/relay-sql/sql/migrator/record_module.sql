-- $1 module, $2 checksum of its functions and grants
insert into pgrelay.schema_module (module, checksum) values ($1, $2)
  on conflict (module) do update set checksum = excluded.checksum, applied_at = clock_timestamp()
