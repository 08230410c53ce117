-- The private functions of SQL channels are no part of the extension, also those that this script has made anew: a dump holds them.
do $pgrelay_script$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid from pg_depend d join pg_extension e on e.oid = d.refobjid join pg_proc p on p.oid = d.objid
    where d.refclassid = 'pg_extension'::regclass and d.classid = 'pg_proc'::regclass and d.deptype = 'e' and e.extname = :extension
      and p.pronamespace = to_regnamespace('pgrelay_action')
  loop
    execute format('alter extension %I drop function %s', :extension, v_function);
  end loop;
end $pgrelay_script$;
