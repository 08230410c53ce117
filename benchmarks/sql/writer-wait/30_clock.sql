-- The server's clock in milliseconds.
create function public.clock_ms() returns double precision
language sql volatile
as $$
  select extract(epoch from clock_timestamp()) * 1000
$$;
