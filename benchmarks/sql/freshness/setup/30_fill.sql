-- Orders that are there before anybody writes, with numbers below zero.
create function fill(p_orders integer) returns void
language sql volatile
as $$
  insert into orders select -i, 1 + i % 1000, date '2024-01-01' + i % 365 from generate_series(1, p_orders) i;
  insert into order_items select -i, 1 + (i * 7 + k * 133) % 400, 1 + k from generate_series(1, p_orders) i, generate_series(0, 2) k;
$$;
