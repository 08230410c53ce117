-- The open transactions behind the xmax of a row: its backend, or the name of a prepared one. None: they have ended, or the row
-- was never locked. Several, when they share the lock: xmax then names the group. Reads only, so it also works on a standby
-- (where it finds none: the holders are on the primary).
create or replace function pgrelay.lock_holders(p_xmax xid) returns table (pid integer, prepared text)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select l.pid, x.gid from pg_locks l left join pg_prepared_xacts x on x.transaction = l.transactionid
    where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted and l.transactionid = p_xmax;
  if not found and p_xmax <> '0'::xid then
    return query
      select l.pid, x.gid from pg_get_multixact_members(p_xmax) m
      join pg_locks l on l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted and l.transactionid = m.xid
      left join pg_prepared_xacts x on x.transaction = l.transactionid;
  end if;
exception when internal_error then       -- no group of that number: it was a single transaction, which has ended
  return;
end $$;
