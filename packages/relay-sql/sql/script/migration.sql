-- :module, migration :version :name
do $pgrelay_script$
begin
  if not exists (select from pgrelay.schema_migration m where m.module = :literal and m.version = :version) then
    execute $pgrelay_migration$
:sql
$pgrelay_migration$;
    insert into pgrelay.schema_migration (module, version, name, checksum) values (:literal, :version, :name_literal, :checksum);
  end if;
end $pgrelay_script$;
