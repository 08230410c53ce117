-- What is wrong with the change log: rows that were removed and still take room, because an old snapshot, a prepared
-- transaction or a replication slot may still want them, or because autovacuum does not get there. From the statistics of
-- the server, so it costs nothing. Not before 200,000 rows (some 17 MB), which autovacuum may well leave for a while.
create or replace function pgauto_mv.log_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select 'change_log_bloated', 'pgauto_mv.change',
      format('%s rows that were removed take room beside %s that are there; table and index have %s', d.dead, d.live,
        pg_size_pretty(pg_total_relation_size('pgauto_mv.change'))),
      'vacuum pgauto_mv.change; -- first end what is older than an hour in pg_stat_activity (order by age(backend_xmin) desc), pg_prepared_xacts and pg_replication_slots (xmin)'
    from (select pg_stat_get_dead_tuples('pgauto_mv.change'::regclass) as dead, pg_stat_get_live_tuples('pgauto_mv.change'::regclass) as live) d
    where d.dead >= 200000 + d.live
$$;
