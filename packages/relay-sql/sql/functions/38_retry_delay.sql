-- How long the retry after p_retried others waits, or NULL when there is none left. Either p_delays, one a retry, the last of them
-- again and again while p_limit allows it; or p_initial * p_factor ^ p_retried, at most p_max. Jitter 'full' takes the share
-- p_random (0 to 1) of that, 'equal' half of it and that share of the other half, 'none' all of it.
create or replace function pgrelay.retry_delay(
  p_delays interval[], p_initial interval, p_factor double precision, p_max interval, p_limit integer, p_jitter text, p_retried integer,
  p_random double precision
) returns interval
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_initial double precision := extract(epoch from p_initial);
  v_max double precision := extract(epoch from p_max);
  v_seconds double precision;
begin
  if p_retried >= coalesce(p_limit, cardinality(p_delays), 0) then
    return null;
  elsif p_delays is not null then
    v_seconds := extract(epoch from p_delays[least(p_retried + 1, cardinality(p_delays))]);
  elsif v_initial <= 0 then
    v_seconds := 0;
  elsif ln(v_initial) + p_retried * ln(p_factor) >= ln(v_max) then      -- the power itself would overflow
    v_seconds := v_max;
  else
    v_seconds := v_initial * power(p_factor, p_retried);
  end if;
  return make_interval(secs => v_seconds * case p_jitter when 'full' then p_random when 'equal' then (1 + p_random) / 2 else 1 end);
end $$;
