-- The summary of the whole run. The worst staleness is that of the unluckiest write: from its end until a refresh that
-- began after it was done.
create or replace function demo.totals() returns table (
  worst_stale_ms double precision, orders integer, receipts integer, orders_with_receipt integer
)
language sql volatile
as $$
  with f as materialized (select r.started_at, r.finished_at from demo.refreshes r where r.done)
  select (
      select max(extract(epoch from n.finished_at - w.at) * 1000)::float8
      from (select l.started_at + l.ms * interval '1 ms' as at from demo.latency l) w
      cross join lateral (select f.finished_at from f where f.started_at >= w.at order by f.started_at limit 1) n),
    d.orders, d.receipts, d.orders_with_receipt
  from demo.deliveries d
$$;
