-- Notes that a table, with its partitions and children, is gated (see gate_source). Errors: PM050 no view watches it,
-- PM051 it is gated already. Locks: the registry.
create or replace function pgauto_mv.begin_gate(p_source oid) returns setof oid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := coalesce(pgauto_mv.relation_name(p_source), p_source::text, 'NULL');
begin
  perform pgauto_mv.lock_registry();
  if not exists (select from pgauto_mv.watch w join pgauto_mv.with_children(p_source) x on x.relation = w.relation where w.operation <> 'REFRESH') then
    raise exception using errcode = 'PM050', message = format('no registered view watches the table %s', v_name),
      hint = 'Nothing has to be gated then; pgauto_mv.watches shows what is watched.';
  elsif exists (select from pgauto_mv.gate g where g.source = p_source) then
    raise exception using errcode = 'PM051', message = format('%s is gated already', v_name),
      hint = format('select pgauto_mv.ungate_source(%L); when what was loaded has committed.', v_name);
  end if;
  return query
    insert into pgauto_mv.gate (source, relation, schema_name, relation_name)
      select p_source, c.oid, n.nspname, c.relname from pgauto_mv.with_children(p_source) x
      join pg_class c on c.oid = x.relation join pg_namespace n on n.oid = c.relnamespace
      where x.kind in ('r', 'p') returning gate.relation;
end $$;
