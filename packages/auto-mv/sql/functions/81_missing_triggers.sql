-- Watches whose table is there and whose trigger is not, though it was once (one still to be put on is pending), or does not
-- fire for replication where a view wants it to.
create or replace function pgauto_mv.missing_triggers() returns table (watch_id bigint, relation oid, operation text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select w.id, w.relation, w.operation from pgauto_mv.watch w
  where w.operation <> 'REFRESH' and exists (select from pg_class c where c.oid = w.relation)
    and (not exists (select from pgauto_mv.find_trigger(w.id, w.relation)) or pgauto_mv.replica_missing(w.id, w.relation, w.operation))
    and not exists (select from pgauto_mv.pending_trigger p where p.watch_id = w.id) order by w.relation, w.id
$$;
