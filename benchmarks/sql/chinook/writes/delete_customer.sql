-- Deletes a customer with everything bought.
create or replace function soak.delete_customer(p_customer_id integer) returns void
language sql
as $$
  delete from public.invoice_line l using public.invoice i where i.invoice_id = l.invoice_id and i.customer_id = p_customer_id;
  delete from public.invoice i where i.customer_id = p_customer_id;
  delete from public.customer c where c.customer_id = p_customer_id;
$$;
