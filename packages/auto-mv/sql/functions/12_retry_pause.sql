-- How long a view rests after its p_failures-th failure in a row: 3, 5, 10 s, then doubling, at most 10 minutes.
create or replace function pgauto_mv.retry_pause(p_failures integer) returns interval
language sql immutable strict parallel safe
as $$
  select case
    when p_failures <= 1 then interval '3 s'
    when p_failures = 2 then interval '5 s'
    else least(interval '10 s' * power(2, least(p_failures, 20) - 3), interval '10 min')
  end
$$;
