-- The shop changes the price of a product by a cent.
create or replace function demo.change_price(p_product_id integer, out started_at timestamptz, out token xid8)
language plpgsql volatile
as $$
begin
  started_at := clock_timestamp();
  token := pg_current_xact_id();
  update public.products p set price = p.price + 0.01 where p.product_id = p_product_id;
end $$;
