-- Before the first migration: the schemas. Runs as the installing login, which needs CREATE on the database the first time
-- only. A schema of that name that somebody else owns is refused: its owner could replace what is installed in it, and have it
-- run by whoever installs.
do $$
declare
  v_foreign text;
begin
  select n.nspname into v_foreign from pg_catalog.pg_namespace n
    where n.nspname in ('pgrelay', 'pgrelay_action') and n.nspowner <> 'pgrelay_owner'::pg_catalog.regrole limit 1;
  if found then
    raise exception using errcode = 'PR027', message = pg_catalog.format('schema %I exists already and does not belong to pgrelay_owner', v_foreign),
      hint = pg_catalog.format('Look what is in it; then drop it, or: alter schema %I owner to pgrelay_owner.', v_foreign);
  end if;
  if to_regnamespace('pgrelay') is null then
    create schema pgrelay authorization pgrelay_owner;
  end if;
  if to_regnamespace('pgrelay_action') is null then
    create schema pgrelay_action authorization pgrelay_owner;
  end if;
end $$;
