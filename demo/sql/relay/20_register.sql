-- Registers the channel of the orders and the view; its watches are found from its query. The refresh_lag gathers the
-- changes of a moment; the cooldown leaves a pause between refreshes, so that one sees writes outside them, too.
create or replace function demo.register() returns void
language plpgsql
as $$
begin
  perform pgrelay.register_channel('new_order', p_action_sql => 'select demo.print_receipt($1::integer)');
  perform pgauto_mv.register_mv('public.monthly_product_sales'::regclass, p_refresh_lag => 0.2, p_max_wait => 0.5, p_cooldown => 1.5);
end $$;
