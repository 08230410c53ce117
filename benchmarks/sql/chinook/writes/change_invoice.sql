-- Changes quantity and price of an invoice's lines, and its date by a month.
create or replace function soak.change_invoice(p_invoice_id integer) returns void
language sql
as $$
  update public.invoice_line l set quantity = l.quantity + 1, unit_price = l.unit_price + 0.10 where l.invoice_id = p_invoice_id;
  update public.invoice i set invoice_date = i.invoice_date + interval '1 month' where i.invoice_id = p_invoice_id;
$$;
