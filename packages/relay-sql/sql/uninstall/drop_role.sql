-- Drops the role :role with its rights on what stays in this database. Fails when it owns something here, or is used in another database.
do $pgrelay_script$
begin
  if exists (select from pg_catalog.pg_shdepend s join pg_catalog.pg_database d on d.oid = s.dbid and d.datname = pg_catalog.current_database()
      where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and s.refobjid = ':role'::pg_catalog.regrole and s.deptype = 'o') then
    raise exception using errcode = '2BP01', message = 'it owns objects in this database';
  elsif exists (select from pg_catalog.pg_shdepend s
      where s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and s.refobjid = ':role'::pg_catalog.regrole) then
    drop owned by :role;                    -- rights only: it owns nothing
  end if;
  drop role :role;
end $pgrelay_script$;
