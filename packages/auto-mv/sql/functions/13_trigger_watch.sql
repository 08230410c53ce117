-- The watch that a trigger of ours serves, from its arguments as pg_trigger.tgargs holds them; NULL when it is no number.
-- No SET and nothing unqualified, so that it is put into the query that calls it, for each trigger there is.
create or replace function pgauto_mv.trigger_watch(p_args bytea) returns bigint
language sql immutable parallel safe
as $$
  select case when pg_catalog.split_part(pg_catalog.encode(p_args, 'escape'), pg_catalog.chr(92), 1) operator(pg_catalog.~) '^[0-9]{1,18}$'
    then pg_catalog.split_part(pg_catalog.encode(p_args, 'escape'), pg_catalog.chr(92), 1)::pg_catalog.int8 end
$$;
