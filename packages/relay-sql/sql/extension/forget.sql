-- What was noted of a schema that has gone is forgotten, or its migrations would be taken for done.
do $pgrelay_script$
begin
  if to_regclass('pgrelay.schema_migration') is not null then
    delete from pgrelay.schema_migration m where m.module = :module;
    delete from pgrelay.schema_module m where m.module = :module;
  end if;
end $pgrelay_script$;
