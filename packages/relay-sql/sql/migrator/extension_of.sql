-- The extension that a module's schema is a part of, with its version; no row when it was made by the migrator or is not there.
select e.extname as name, e.extversion as version from pg_catalog.pg_depend d
join pg_catalog.pg_extension e on e.oid = d.refobjid
where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.deptype = 'e'
  and d.objid = pg_catalog.to_regnamespace(pg_catalog.quote_ident($1))
