-- What is installed: one row per migration, and one per module with version 0 and the checksum of its functions.
select m.module, m.version, m.checksum from pgrelay.schema_migration m
union all
select s.module, 0, s.checksum from pgrelay.schema_module s
order by 1, 2
