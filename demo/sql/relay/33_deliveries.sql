-- Orders placed, and receipts printed for them: as many, and none twice. (The walk-through's order is the one more.)
create or replace view demo.deliveries as
select (case when q.is_called then q.last_value - 10000000 + 1 else 0 end + (select count(*) from public.orders o where o.order_id = 1001)) as orders,
  (select count(*) from demo.receipt) as receipts, (select count(distinct r.order_id) from demo.receipt r) as orders_with_receipt
from demo.order_no q;
