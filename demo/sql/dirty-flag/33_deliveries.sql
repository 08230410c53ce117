-- Nothing is delivered here.
create or replace view demo.deliveries as
select null::bigint as orders, null::bigint as receipts, null::bigint as orders_with_receipt;
