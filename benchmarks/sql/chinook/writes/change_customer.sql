-- A new name for a customer.
create or replace function soak.change_customer(p_customer_id integer) returns void
language sql
as $$
  update public.customer c set last_name = 'Name ' || floor(random() * 1e6)::integer where c.customer_id = p_customer_id
$$;
