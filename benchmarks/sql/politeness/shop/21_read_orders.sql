-- An innocent reader of the table, who queues behind the migration.
create function polite.read_orders() returns bigint
language sql
as $$ select o.id from polite.orders o where o.id = 1 $$;
