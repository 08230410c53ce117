\echo Use "create extension :extension_name version 'unpackaged'" to load this file. \quit
-- Makes an extension of what npx pgrelay migrate or the script has installed: this version is empty, and its update takes everything in.
-- Whoever owns an extension can drop it: so only somebody who could drop the schemas as well.
do $pgrelay_script$
begin
  if not pg_catalog.pg_has_role(session_user, 'pgrelay_owner', 'MEMBER') or pg_catalog.to_regnamespace(:module) is null then
    raise exception using errcode = 'PR043', message = pg_catalog.format('%I cannot make an extension of schema %s', session_user, :module),
      hint = 'It has to be installed, and by this login: create extension :extension_name; makes it anew.';
  end if;
end $pgrelay_script$;
