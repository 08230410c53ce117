-- The schemas of the extension: the first is the module's. One that is there already was made by migrate or by somebody else.
do $pgrelay_script$
declare
  v_schema text;
begin
  foreach v_schema in array :schemas loop
    if exists (select from pg_namespace n where n.nspname = v_schema) then
      raise exception using errcode = 'PR043', message = format('schema %I exists already, so it cannot be made as a part of the extension', v_schema),
        hint = 'If npx pgrelay migrate or the script has made it: create extension :extension_name version ''unpackaged''; alter extension :extension_name update; '
          'if not, look what is in it, and drop it.';
    end if;
    execute format('create schema %I authorization pgrelay_owner', v_schema);
  end loop;
end $pgrelay_script$;
