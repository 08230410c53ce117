-- Transactions that hold the lock which inserting an event takes, as they are now: each may have read the flag before it was
-- armed and commit its event without a hint.
create or replace function pgrelay.holders_v1() returns text[]
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct l.virtualtransaction), '{}') from pg_locks l
  where l.locktype = 'relation' and l.relation in ('pgrelay.queue'::regclass, 'pgrelay.delayed'::regclass) and l.mode = 'RowExclusiveLock'
    and l.database = (select d.oid from pg_database d where d.datname = current_database()) and l.pid is distinct from pg_backend_pid()
$$;
