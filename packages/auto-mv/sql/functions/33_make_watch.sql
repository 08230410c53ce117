-- The watch of one operation of one relation, which is made when no view has it yet. Locks: the registry.
create or replace function pgauto_mv.make_watch(p_relation oid, p_operation text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
begin
  perform pgauto_mv.lock_registry();
  select w.id into v_id from pgauto_mv.watch w where w.relation = p_relation and w.operation = p_operation;
  if v_id is null then
    insert into pgauto_mv.watch (relation, operation, schema_name, relation_name)
      select c.oid, p_operation, n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_relation
      returning id into v_id;
  end if;
  return v_id;
end $$;
