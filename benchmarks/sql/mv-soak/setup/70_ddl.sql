-- One step of a migration, on a table of soak.target (its parent, where it has one) or on what is below the views; none
-- changes what a view shows. Waits at most 1.5 s for a lock.
create function soak.ddl(p_what text, p_target text, p_n integer) returns void
language plpgsql set lock_timeout = '1500ms'
as $$
declare
  v_table text := 'soak.' || split_part(p_target, '_', 1);
begin
  case p_what
    when 'lock' then                  -- what an earlier step of the same migration left locked
      execute format('lock table %s in access exclusive mode', v_table);
    when 'add a column' then
      execute format('alter table %s add column if not exists more text', v_table);
    when 'drop a column' then
      execute format('alter table %s drop column if exists more', v_table);
    when 'rewrite' then
      execute format('alter table %s alter column extra type %s', v_table,
        (select case a.atttypid when 'integer'::regtype then 'bigint' else 'integer' end from pg_attribute a
          where a.attrelid = v_table::regclass and a.attname = 'extra'));
    when 'create an index' then
      execute format('create index if not exists soak_more on %s (v)', v_table);
    when 'drop an index' then
      drop index if exists soak.soak_more;
    when 'create a partition' then
      execute format('create table if not exists soak.p1_more_%s partition of soak.p1 for values in (%s)', p_n % 3, 100 + p_n % 3);
    when 'drop a partition' then
      execute format('drop table if exists soak.p1_more_%s', p_n % 3);
    when 'replace a view' then
      create or replace view soak.w1 as select t.k, sum(t.v) as total from soak.t5 t group by t.k;
    when 'set storage' then
      execute format('alter table %s alter column note set storage main', v_table);
  end case;
end $$;
