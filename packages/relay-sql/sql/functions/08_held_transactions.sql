-- How many transaction ids this session holds: one for the transaction and each subtransaction that has written.
create or replace function pgrelay.held_transactions() returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select count(*) from pg_locks l where l.pid = pg_backend_pid() and l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
$$;
