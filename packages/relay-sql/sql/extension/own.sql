-- What was just made belongs to the superuser who runs this: from here on it is pgrelay_owner's, or its SECURITY DEFINER functions
-- would have all rights. Sequences of columns follow their tables.
do $pgrelay_script$
declare
  v_mine oid := (select r.oid from pg_roles r where r.rolname = current_user);
  v_command text;
begin
  for v_command in
    select format('alter %s %s owner to pgrelay_owner',
      case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'c' then 'type' else 'table' end, c.oid::regclass)
    from pg_class c
    where c.relnamespace = to_regnamespace(:literal) and c.relowner = v_mine and c.relkind in ('r', 'p', 'v', 'm', 'S', 'c')
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
        and d.deptype in ('a', 'i') and c.relkind = 'S')
    union all
    select format('alter routine %s owner to pgrelay_owner', p.oid::regprocedure) from pg_proc p
    where p.pronamespace = to_regnamespace(:literal) and p.proowner = v_mine
  loop
    execute v_command;
  end loop;
end $pgrelay_script$;
