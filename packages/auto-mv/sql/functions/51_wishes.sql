-- What the waiters of wait_until_fresh() ask for: which view is to contain which transaction. A wish is posted by a
-- transaction that has not ended, so it travels in a mailbox that is no row: an unlogged sequence, whose value (20 bits
-- of view, 43 of transaction) everybody sees at once. A mailbox may be overwritten by another waiter; both post again.
-- A waiter asks when the transaction he waits for has ended; one that has not was restored from another cluster.
create or replace function pgauto_mv.wishes() returns table (mv_id bigint, token xid8)
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select distinct w.value >> 43, t.token
  from (select pg_sequence_last_value(('pgauto_mv.wish_' || b)::regclass) as value from generate_series(0, 63) b) w
  cross join lateral (select (w.value & ((1::bigint << 43) - 1))::text::xid8 as token) t
  where w.value > 0 and pg_visible_in_snapshot(t.token, pg_current_snapshot())
$$;
