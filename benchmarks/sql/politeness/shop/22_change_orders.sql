-- One more order, so that the view is stale.
create function polite.change_orders() returns void
language sql
as $$ insert into polite.orders (kind, amount) values (1, 1) $$;
