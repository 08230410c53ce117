-- Refuses a schema that a newer release has migrated, migrations that were edited after they had run, and, where :by_extension is
-- false, a schema of an extension, which is upgraded with that.
do $pgrelay_script$
declare
  v_known pg_catalog.jsonb := :known;                  -- version → checksum
  v_found record;
begin
  if pg_catalog.to_regclass('pgrelay.schema_migration') is null then
    return;
  end if;
  if not :by_extension and exists (select from pg_catalog.pg_depend d
      where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.classid = 'pg_catalog.pg_namespace'::regclass and d.deptype = 'e'
        and d.objid = pg_catalog.to_regnamespace(pg_catalog.quote_ident(:module))) then
    raise exception using errcode = 'PR042', message = format('schema %s is a part of an extension, and is to be upgraded with it', :module),
      hint = 'Put the files that npx pgrelay extension makes onto the server, then: alter extension … update;';
  end if;
  for v_found in
    select m.version, m.name, v_known ? m.version::text as known from pgrelay.schema_migration m
    where m.module = :module and v_known ->> m.version::text is distinct from m.checksum order by m.version desc limit 1
  loop
    if v_found.known then
      raise exception using errcode = 'PR041', message = format('migration %s %s of %s was edited after it had been applied', v_found.version, v_found.name, :module),
        hint = 'Take the script of the release that migrated this database, or of a later one.';
    end if;
    raise exception using errcode = 'PR040', message = format('schema %s is at version %s, this script knows versions up to %s', :module, v_found.version,
        (select pg_catalog.count(*) from pg_catalog.jsonb_object_keys(v_known))),
      hint = 'Take the script of the newer release; this one must not touch a newer schema.';
  end loop;
end $pgrelay_script$;
