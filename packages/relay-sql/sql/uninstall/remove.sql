-- Removes the schemas :schemas, and all that needs something in them (plan.sql lists it), in the caller's transaction: extensions as
-- their owner, the login; schemas as pgrelay_owner. Refused with PR045 while a Processor is alive, unless :force; none can come meanwhile,
-- since the slots are locked. Locks: every table with a trigger of auto-mv, at most for the caller's lock_timeout each.
do $pgrelay_script$
declare
  v_schemas text[] := :schemas;
  v_alive text;
  v_extensions text;
  v_list text;
begin
  if pg_catalog.to_regclass('pgrelay.instance') is not null then
    set local role pgrelay_owner;
    lock table pgrelay.instance in share row exclusive mode;
    select pg_catalog.string_agg(pg_catalog.format('slot %s (%s pid %s)', i.slot, i.host, i.pid), ', ' order by i.slot) into v_alive
      from pgrelay.instance i where i.alive and i.heartbeat_at > pg_catalog.clock_timestamp() - i.lease;
    if v_alive is not null and not :force then
      raise exception using errcode = 'PR045', message = 'Processors are alive: ' || v_alive,
        hint = 'Stop them first, or force it: they end with errors.';
    end if;
    set local role none;
  end if;
  select pg_catalog.string_agg(pg_catalog.quote_ident(e.extname), ', ') into v_extensions
    from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid join pg_catalog.pg_namespace n on n.oid = d.objid
    where d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.deptype = 'e'
      and n.nspname = any (v_schemas) and n.nspname <> 'pgrelay_action';
  if v_extensions is not null then
    execute 'drop extension ' || v_extensions || ' cascade';
  end if;
  set local role pgrelay_owner;
  select pg_catalog.string_agg(pg_catalog.quote_ident(n.nspname), ', ') into v_list from pg_catalog.pg_namespace n where n.nspname = any (v_schemas);
  if v_list is not null then
    execute 'drop schema ' || v_list || ' cascade';
  end if;
  if pg_catalog.to_regclass('pgrelay.schema_migration') is not null then
    delete from pgrelay.schema_migration m where m.module = any (v_schemas);
    delete from pgrelay.schema_module m where m.module = any (v_schemas);
  end if;
  set local role none;
end $pgrelay_script$;
