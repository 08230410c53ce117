-- The view is refreshed in the transaction of whoever writes.
create sequence refreshes;
create function refresh_in_transaction() returns trigger
language plpgsql
as $$
begin
  refresh materialized view concurrently monthly_product_sales;
  perform nextval('refreshes');
  return null;
end $$;
create trigger refresh_sales after insert or update or delete on orders for each statement execute function refresh_in_transaction();
create trigger refresh_sales after insert or update or delete on order_items for each statement execute function refresh_in_transaction();
create trigger refresh_sales after update of price on products for each statement execute function refresh_in_transaction();
