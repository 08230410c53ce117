-- A new price. Returns its start in milliseconds by the server's clock.
create function change_price(p_product_id integer) returns double precision
language plpgsql volatile
as $$
declare
  v_start timestamptz := clock_timestamp();
begin
  update products p set price = p.price + 0.01 where p.product_id = p_product_id;
  return extract(epoch from v_start) * 1000;
end $$;
