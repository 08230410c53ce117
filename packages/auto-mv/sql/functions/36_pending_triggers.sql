-- The triggers still to be put on, of tables that are there.
create or replace function pgauto_mv.pending_triggers() returns table (watch_id bigint, relation oid, operation text, tried_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select w.id, w.relation, w.operation, p.tried_at from pgauto_mv.pending_trigger p join pgauto_mv.watch w on w.id = p.watch_id
  where exists (select from pg_class c where c.oid = w.relation)
$$;
