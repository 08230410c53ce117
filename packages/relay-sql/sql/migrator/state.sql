-- What is installed: one row per migration, and one per module with version 0 and the checksum of its functions. A schema that
-- was dropped is not installed, whatever was noted of it.
select m.module, m.version, m.checksum from pgrelay.schema_migration m where pg_catalog.to_regnamespace(pg_catalog.quote_ident(m.module)) is not null
union all
select s.module, 0, s.checksum from pgrelay.schema_module s where pg_catalog.to_regnamespace(pg_catalog.quote_ident(s.module)) is not null
order by 1, 2
