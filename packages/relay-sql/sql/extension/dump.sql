-- Which rows a dump holds. Each table and sequence of the extension has a rule, or there is no extension: nothing is forgotten.
--   all      every row; the extension itself makes none
--   seeded   every row; those that the installation makes come with the first use instead (pgrelay.this_node())
--   none     no row: what is in it means nothing in another database, or the extension makes it
do $pgrelay_script$
declare
  v_extension oid := (select e.oid from pg_extension e where e.extname = :extension);
  v_rules jsonb := (select jsonb_object_agg(v.name, v.rule) from (
:rules
  ) v (name, rule));
  v_table record;
begin
  for v_table in
    select c.oid::regclass as name, v_rules ->> format('%s.%s', n.nspname, c.relname) as rule from pg_depend d
    join pg_class c on c.oid = d.objid join pg_namespace n on n.oid = c.relnamespace
    where d.refclassid = 'pg_extension'::regclass and d.refobjid = v_extension and d.classid = 'pg_class'::regclass and d.deptype = 'e' and c.relkind in ('r', 'p', 'S')
    order by 1
  loop
    if v_table.rule in ('all', 'seeded') then
      perform pg_extension_config_dump(v_table.name, '');
      if v_table.rule = 'seeded' and :fresh then
        execute format('delete from %s', v_table.name);
      end if;
    elsif v_table.rule is distinct from 'none' then
      raise exception using errcode = 'PR044', message = format('%s has no rule for dumps', v_table.name),
        hint = 'Add it to the file dump.sql of its module.';
    end if;
  end loop;
end $pgrelay_script$;
