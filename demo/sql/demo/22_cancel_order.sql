-- A customer cancels an order: it is deleted with its items.
create or replace function demo.cancel_order(p_order_id integer, out started_at timestamptz, out token xid8)
language plpgsql volatile
as $$
begin
  started_at := clock_timestamp();
  token := pg_current_xact_id();
  delete from public.order_items i where i.order_id = p_order_id;
  delete from public.orders o where o.order_id = p_order_id;
end $$;
