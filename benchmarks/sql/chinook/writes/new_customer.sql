-- Returns the customer.
create or replace function soak.new_customer(p_writer integer) returns integer
language sql
as $$
  insert into public.customer (first_name, last_name, email) values ('Writer ' || p_writer, 'Soak', 'soak@example.com') returning customer_id
$$;
