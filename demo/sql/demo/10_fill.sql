-- Adds p_orders orders of three items each, spread over two years and 400 products, and the products and customers with
-- the first call. Ids below 10,000 are left to the walk-through. The foreign keys are put aside meanwhile: checking them
-- once at the end is several times faster than row by row.
create or replace function demo.fill(p_orders integer) returns void
language plpgsql
as $$
declare
  v_from integer := greatest(10000, (select coalesce(max(o.order_id), 0) + 1 from public.orders o));
  v_to integer := v_from + p_orders - 1;
begin
  insert into public.products select i, 'Product ' || i, 5 + (i * 37 % 9500) / 100.0 from generate_series(2, 401) i
    on conflict do nothing;
  insert into public.customers select i, 'customer' || i || '@example.com' from generate_series(1001, 2000) i
    on conflict do nothing;
  alter table public.orders drop constraint orders_customer_id_fkey;
  alter table public.order_items drop constraint order_items_order_id_fkey, drop constraint order_items_product_id_fkey;
  insert into public.orders select i, 1001 + i % 1000, date '2023-01-01' + (i::bigint * 31 % 730)::integer
    from generate_series(v_from, v_to) i;
  insert into public.order_items select i, 2 + (i::bigint * 7 + k * 133) % 400, 1 + (i + k) % 5
    from generate_series(v_from, v_to) i cross join generate_series(0, 2) k;
  alter table public.orders add foreign key (customer_id) references public.customers (customer_id);
  alter table public.order_items add foreign key (order_id) references public.orders (order_id),
    add foreign key (product_id) references public.products (product_id);
  analyze public.products, public.customers, public.orders, public.order_items;
end $$;
