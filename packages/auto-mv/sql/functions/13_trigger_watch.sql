-- The watch that a trigger of ours serves, from its arguments as pg_trigger.tgargs holds them; NULL when it is no number.
create or replace function pgauto_mv.trigger_watch(p_args bytea) returns bigint
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
  select case when split_part(encode(p_args, 'escape'), chr(92), 1) ~ '^[0-9]{1,18}$' then split_part(encode(p_args, 'escape'), chr(92), 1)::bigint end
$$;
