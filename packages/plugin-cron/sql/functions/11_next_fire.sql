-- The first planned time after p_after: p_planned plus a whole number of intervals. Measured from the last planned time,
-- not from when it ran, so a late run moves nothing; occurrences that were missed meanwhile are skipped.
create or replace function pgrelay_cron.next_fire(p_planned timestamptz, p_every interval, p_after timestamptz) returns timestamptz
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select p_planned + p_every * (floor(extract(epoch from p_after - p_planned) / extract(epoch from p_every)) + 1)::double precision
$$;
