-- What a Processor needs to advance its low-water marks, read in this order and in statements of their own:
--   rescan    changes when an event was made ready under an old place: forget all marks. Read first, so that whoever draws it
--             later either holds the lock below or is noticed by the next call
--   cand      the last place drawn so far
--   holders   the transactions that hold the lock which inserting an event takes before it draws a place, prepared ones included
-- Once none of these holders is left, every event with a place up to cand has been committed or never will be: marks_v1, in a
-- later statement, may pass it. (Lock rule. A place is drawn before its row has a transaction id, so no snapshot and no time
-- tells the same.)
create or replace function pgrelay.horizon_v1(out rescan bigint, out cand bigint, out holders text[])
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  select case when s.is_called then s.last_value else 0 end into rescan from pgrelay.rescan s;
  select case when s.is_called then s.last_value else 0 end into cand from pgrelay.queue_place_seq s;
  select coalesce(array_agg(distinct l.virtualtransaction), '{}') into holders from pg_locks l
    where l.locktype = 'relation' and l.relation = 'pgrelay.queue'::regclass and l.mode = 'RowExclusiveLock'
      and l.database = (select d.oid from pg_database d where d.datname = current_database()) and l.pid is distinct from pg_backend_pid();
end $$;
