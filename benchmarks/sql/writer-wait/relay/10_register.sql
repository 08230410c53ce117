-- Registers the view of the schema shop. The cooldown is so long that only the scenario itself asks for refreshes.
create function shop.register() returns void
language plpgsql
as $$
begin
  perform pgauto_mv.register_mv('shop.monthly_product_sales'::regclass, p_cooldown => 86400);
end $$;
