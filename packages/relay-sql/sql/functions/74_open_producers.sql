-- The open transactions, but for the caller's own, that hold the lock which inserting an event takes: their backends, or the names of
-- prepared ones.
create or replace function pgrelay.open_producers() returns table (pid integer, prepared text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select distinct l.pid, x.gid from pg_locks l
  left join pg_locks t on l.pid is null and t.pid is null and t.locktype = 'transactionid' and t.virtualtransaction = l.virtualtransaction
  left join pg_prepared_xacts x on x.transaction = t.transactionid
  where l.locktype = 'relation' and l.relation in ('pgrelay.queue'::regclass, 'pgrelay.delayed'::regclass) and l.mode = 'RowExclusiveLock'
    and l.database = (select d.oid from pg_database d where d.datname = current_database()) and l.pid is distinct from pg_backend_pid()
    and num_nonnulls(l.pid, x.gid) > 0
$$;
