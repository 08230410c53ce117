-- An order of three products under a number that the writer chose: each writer's numbers rise.
create function place(p_order_id integer) returns void
language plpgsql volatile
as $$
begin
  insert into orders values (p_order_id, 1 + p_order_id % 1000, date '2024-01-01' + p_order_id % 365);
  insert into order_items select p_order_id, 1 + (p_order_id * 7 + k * 133) % 400, 1 + k from generate_series(0, 2) k;
end $$;
