-- Refreshes the view and returns how many milliseconds that took. For the calibration, before anybody writes.
create or replace function demo.measure_refresh() returns double precision
language plpgsql
as $$
declare
  v_start timestamptz := clock_timestamp();
begin
  refresh materialized view concurrently public.monthly_product_sales;
  return extract(epoch from clock_timestamp() - v_start) * 1000;
end $$;
