-- The schemas of the extension: the first is the module's. One that is there already was made by migrate or by somebody else.
do $pgrelay_script$
declare
  v_schema text;
begin
  foreach v_schema in array :schemas loop
    if exists (select from pg_namespace n where n.nspname = v_schema) then
      raise exception using errcode = 'PR043', message = format('schema %I exists already, so it cannot become a part of the extension', v_schema),
        hint = 'If npx pgrelay migrate has made it, go on with that; if not, look what is in it, and drop it.';
    end if;
    execute format('create schema %I authorization pgrelay_owner', v_schema);
  end loop;
  if to_regclass('pgrelay.schema_migration') is not null then      -- what was noted of a schema that has gone
    delete from pgrelay.schema_migration m where m.module = :module;
    delete from pgrelay.schema_module m where m.module = :module;
  end if;
end $pgrelay_script$;
