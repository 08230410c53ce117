-- The schema of a plugin's module; :schema is replaced by its quoted name. Runs as the installing login. What was noted of a
-- schema that somebody has dropped is forgotten, or its migrations would be taken for done.
do $$
begin
  if to_regnamespace(:literal) is null then
    create schema :schema authorization pgrelay_owner;
    set local role pgrelay_owner;
    delete from pgrelay.schema_migration m where array[m.module] = pg_catalog.parse_ident(:literal);
    delete from pgrelay.schema_module m where array[m.module] = pg_catalog.parse_ident(:literal);
  elsif exists (select from pg_catalog.pg_namespace n where n.oid = to_regnamespace(:literal) and n.nspowner <> 'pgrelay_owner'::pg_catalog.regrole) then
    raise exception using errcode = 'PR027', message = pg_catalog.format('schema %s exists already and does not belong to pgrelay_owner', :literal),
      hint = 'Look what is in it; then drop it, or make pgrelay_owner its owner.';
  end if;
end $$;
