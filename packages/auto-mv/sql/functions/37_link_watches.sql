-- Ties a view to watches, one row per relation and operation, and tries to put their triggers on; says in a NOTICE which
-- tables are left to the Processors. Of a table that was busy once the other triggers are not tried, so that its writers
-- queue for 100 ms at most. The caller holds the registry's lock. Runs with the caller's rights; errors as put_trigger.
create or replace function pgauto_mv.link_watches(p_mv_id bigint, p_relations oid[], p_operations text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_watch record;
  v_id bigint;
  v_try boolean;
  v_busy oid[] := '{}';
begin
  for v_watch in
    select distinct w.relation, w.operation from unnest(p_relations, p_operations) w(relation, operation) order by 1, 2
  loop
    v_id := pgauto_mv.link_watch(p_mv_id, v_watch.relation, v_watch.operation);
    continue when v_watch.operation = 'REFRESH';
    v_try := v_watch.relation <> all (v_busy);
    if not pgauto_mv.put_trigger(v_id, v_watch.relation, v_watch.operation, v_try) and v_try then
      v_busy := v_busy || v_watch.relation;
      raise notice '% is busy: a Processor puts the triggers on, and the first refresh follows', pgauto_mv.relation_name(v_watch.relation);
    end if;
  end loop;
end $$;
