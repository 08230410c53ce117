-- The published walk-through, "Insert some initial data", in one transaction. Returns its token.
create or replace function demo.walk_through() returns xid8
language plpgsql volatile
as $$
begin
  insert into public.products values (1, 'Super Widget', 99.99);
  insert into public.customers values (101, 'customer101@example.com');
  insert into public.orders values (1001, 101, '2023-10-15');
  insert into public.order_items values (1001, 1, 5);
  return pg_current_xact_id();
end $$;
