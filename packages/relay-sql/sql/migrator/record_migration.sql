-- $1 module, $2 version, $3 name, $4 checksum
insert into pgrelay.schema_migration (module, version, name, checksum) values ($1, $2, $3, $4)
