-- Plants, in schema evil, functions and operators with the very argument types of those that the schemas $1 use, and in
-- pg_temp tables and types named like theirs. Whatever of it runs draws evil.hits, which no rollback undoes, and raises.
do $plant$
declare
  v_source text := (select string_agg(p.prosrc, ' ') from pg_proc p where p.pronamespace = any ('{pgrelay,pgauto_mv,pgrelay_cron,pgrelay_http}'::text[]::regnamespace[]));
  v_it record;
  v_body constant text := 'begin perform pg_catalog.nextval(''evil.hits''); raise exception using errcode = ''HIJAK'', message = ''hijacked''; end';
begin
  create schema evil;
  grant usage, create on schema evil to public;
  create sequence evil.hits;
  grant all on evil.hits to public;
  for v_it in
    select p.proname, pg_get_function_identity_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result
    from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and v_source ~ ('\m' || p.proname || '\s*\(')
  loop
    begin
      execute format('create function evil.%I(%s) returns %s language plpgsql as %L', v_it.proname, v_it.arguments, v_it.result, v_body);
    exception when others then null;              -- pseudo-types, or named results
    end;
  end loop;
  for v_it in
    select o.oprname, o.oprleft::regtype as l, o.oprright::regtype as r, o.oprresult::regtype as result, row_number() over () as n
    from pg_operator o where o.oprnamespace = 'pg_catalog'::regnamespace and o.oprright <> 0
  loop
    begin
      execute format('create function evil.op_%s(%s) returns %s language plpgsql as %L', v_it.n, case when v_it.l = '-'::regtype then '' else v_it.l || ', ' end || v_it.r, v_it.result, v_body);
      execute format('create operator evil.%s (%s rightarg = %s, function = evil.op_%s)', v_it.oprname, case when v_it.l = '-'::regtype then '' else format('leftarg = %s,', v_it.l) end, v_it.r, v_it.n);
    exception when others then null;
    end;
  end loop;
  for v_it in
    select distinct c.relname from pg_class c where c.relnamespace in ('pgrelay'::regnamespace, 'pgauto_mv'::regnamespace, 'pgrelay_cron'::regnamespace, 'pgrelay_http'::regnamespace, 'pg_catalog'::regnamespace) and c.relkind in ('r', 'v', 'p')
  loop
    execute format('create temp table %I (trap text)', v_it.relname);
    execute format('create table evil.%I (trap text)', v_it.relname);
  end loop;
  execute format('create function evil.trap() returns boolean language plpgsql as %L', v_body);
  for v_it in
    select t.typname from pg_catalog.pg_type t where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype = 'b' and t.typname !~ '^_' and t.typname ~ '^(text|int[248]|bool|timestamptz|interval|float8|numeric|jsonb?|name|oid|reg.*|tid|xid8?|pg_snapshot|"char"|date)$'
  loop
    begin
      execute format('create domain pg_temp.%I as pg_catalog.%1$I check (evil.trap())', v_it.typname);
    exception when duplicate_object then null;     -- a table of that name has the type already
    end;
  end loop;
end $plant$
