-- A customer changes the quantities of an order.
create or replace function demo.change_quantity(p_order_id integer, out started_at timestamptz, out token xid8)
language plpgsql volatile
as $$
begin
  started_at := clock_timestamp();
  token := pg_current_xact_id();
  update public.order_items i set quantity = i.quantity + 1 where i.order_id = p_order_id;
end $$;
