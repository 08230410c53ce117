-- What the events of the demo do: a trigger of the application sends one event per order in the order's own transaction,
-- and the action writes a receipt. No key on the table: an action applied twice would leave two rows.
create table demo.receipt (order_id integer not null, printed_at timestamptz not null default clock_timestamp());

create function demo.print_receipt(p_order_id integer) returns void
language sql
as $$
  insert into demo.receipt (order_id) values (p_order_id)
$$;
grant usage on schema demo to pgrelay;
grant insert on demo.receipt to pgrelay;
grant execute on function demo.print_receipt(integer) to pgrelay;

create function demo.notify_order() returns trigger
language plpgsql
as $$
begin
  perform pgrelay.notify('new_order', new.order_id::text);
  return null;
end $$;
create trigger notify_order after insert on public.orders for each row execute function demo.notify_order();
