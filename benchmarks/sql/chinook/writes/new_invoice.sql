-- A customer buys p_lines tracks on p_date. Returns the invoice.
create or replace function soak.new_invoice(p_customer_id integer, p_date date, p_lines integer) returns integer
language plpgsql
as $$
declare
  v_invoice_id integer;
begin
  insert into public.invoice (customer_id, invoice_date, total) values (p_customer_id, p_date, 0) returning invoice_id into v_invoice_id;
  insert into public.invoice_line (invoice_id, track_id, unit_price, quantity)
    select v_invoice_id, 1 + floor(random() * 3500)::integer, 0.99 + n, 1 + n % 3 from generate_series(1, p_lines) n;
  return v_invoice_id;
end $$;
