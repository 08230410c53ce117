-- The triggers of watches on a relation, also those that PostgreSQL copied from a parent: enabled is what pg_trigger says,
-- wanted how it fires when nothing is gated (O: for what sessions write; A: also for what replication writes; R: for
-- that only). The caller need not be allowed to read the watches.
create or replace function pgauto_mv.relation_triggers(p_relation oid)
returns table (name name, watch_id bigint, replica boolean, enabled "char", wanted "char")
language sql stable security definer rows 4 set search_path = pg_catalog, pg_temp
as $$
  select t.tgname, w.id, t.tgnargs = 2, t.tgenabled,
    (case when t.tgnargs = 2 then 'R' when (t.tgtype & 1 = 1 or t.tgtype & 32 = 32) and pgauto_mv.on_replica(w.id) then 'A' else 'O' end)::"char"
  from pg_trigger t
  join pgauto_mv.watch w on w.id = pgauto_mv.trigger_watch(t.tgargs)
  where t.tgrelid = p_relation and not t.tgisinternal
    and t.tgfoid in (to_regprocedure('pgauto_mv.capture()'), to_regprocedure('pgauto_mv.capture_once()'))
$$;
