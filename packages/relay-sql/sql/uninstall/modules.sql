-- The schemas that are installed, the relay's own last; none where there is none.
select m.module from pgrelay.schema_module m where pg_catalog.to_regnamespace(pg_catalog.quote_ident(m.module)) is not null
order by m.module = 'pgrelay', m.module
