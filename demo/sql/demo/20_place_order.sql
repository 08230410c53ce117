-- A customer orders three products: one row in orders, three in order_items. Returns what the writer notes of every
-- write: its start by the server's clock, its transaction as a token, and here the order's number.
create or replace function demo.place_order(out started_at timestamptz, out token xid8, out order_id integer)
language plpgsql volatile
as $$
begin
  started_at := clock_timestamp();
  token := pg_current_xact_id();
  order_id := nextval('demo.order_no');
  insert into public.orders values (order_id, 1001 + floor(random() * 1000), date '2023-01-01' + floor(random() * 730)::integer);
  insert into public.order_items
    select order_id, 2 + (p.first + k * 133) % 400, 1 + k from (select floor(random() * 400)::integer as first) p
    cross join generate_series(0, 2) k;
end $$;
