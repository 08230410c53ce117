-- Deletes an invoice and its lines.
create or replace function soak.delete_invoice(p_invoice_id integer) returns void
language sql
as $$
  delete from public.invoice_line l where l.invoice_id = p_invoice_id;
  delete from public.invoice i where i.invoice_id = p_invoice_id;
$$;
