-- Whether a watch is to see what logical replication writes and does not. Replication fires row triggers, and of those for
-- each statement only that of TRUNCATE; and it fires those only that are enabled for it. So the trigger of a watch of rows
-- or of TRUNCATE is enabled always, and one of a statement gets another beside it, which fires for replication only; in
-- a partitioned table replication writes the partitions.
create or replace function pgauto_mv.replica_missing(p_watch_id bigint, p_relation oid, p_operation text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p_operation <> 'REFRESH' and pgauto_mv.on_replica(p_watch_id) and case
    when p_operation ~ ' FOR EACH ROW$' or p_operation = 'TRUNCATE' then
      exists (select from pgauto_mv.relation_triggers(p_relation) t where t.watch_id = p_watch_id and t.enabled = 'O')
    else (select c.relkind = 'r' from pg_class c where c.oid = p_relation)
      and not exists (select from pgauto_mv.relation_triggers(p_relation) t where t.watch_id = p_watch_id and t.replica and t.enabled <> 'O')
  end
$$;
