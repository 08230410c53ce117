create trigger on_order after insert on bench.orders for each row execute function bench.on_order_job()
