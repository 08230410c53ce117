-- Takes in what is installed: all that CREATE EXTENSION would have made, and so no private function of a SQL channel and no daily
-- partition of the log.
do $pgrelay_script$
declare
  v_member text;
begin
  for v_member in
    select format('schema %I', s.name) from unnest(:schemas) s (name)
    union all
    select format('%s %s', case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'c' then 'type' else 'table' end, c.oid::regclass)
    from pg_class c where c.relnamespace = to_regnamespace(:literal) and c.relkind in ('r', 'p', 'v', 'm', 'S', 'c') and c.relname !~ '^log_\d{8}$'
    union all
    select format('routine %s', p.oid::regprocedure) from pg_proc p where p.pronamespace = to_regnamespace(:literal)
  loop
    execute format('alter extension %I add %s', :extension, v_member);
  end loop;
end $pgrelay_script$;
