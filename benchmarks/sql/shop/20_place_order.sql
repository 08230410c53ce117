-- An order of three products. Returns its start in milliseconds by the server's clock.
create function place_order() returns double precision
language plpgsql volatile
as $$
declare
  v_start timestamptz := clock_timestamp();
  v_order_id integer := nextval('order_no');
begin
  insert into orders values (v_order_id, 1 + floor(random() * 1000), date '2024-01-01' + floor(random() * 365)::integer);
  insert into order_items select v_order_id, 1 + (v_order_id * 7 + k * 133) % 400, 1 + k from generate_series(0, 2) k;
  return extract(epoch from v_start) * 1000;
end $$;
