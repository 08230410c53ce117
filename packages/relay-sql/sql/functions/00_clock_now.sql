-- The relay's only clock. The database decides every time; only the test harness replaces this body.
create or replace function pgrelay.clock_now() returns timestamptz
language sql volatile parallel safe
as $$ select pg_catalog.clock_timestamp() $$;
