-- Registers a top-level channel of several statements, sent one after the other as they are, outside a transaction block:
-- VACUUM, CREATE INDEX CONCURRENTLY, CALL of a procedure that commits. They run as role pgrelay but have no frame around
-- them: whoever may register one is trusted (pgrelay_admin). An event that fails half way starts from the first statement
-- when it is run again. The payload is not available to them.
--   p_mode   'toplevel', and no other
-- The rest as in the other register_channel. A Processor's login must be a member of role pgrelay to serve it.
create or replace function pgrelay.register_channel(
  p_name text,
  p_action_sql text[],
  p_mode text default 'toplevel',
  p_statement_timeout interval default null,
  p_replace boolean default false,
  p_on_failure text default null
) returns integer
language sql volatile
as $$
  select pgrelay.register_channel_as(p_name, null, p_mode, true, p_statement_timeout, null, null, p_replace,
    pg_catalog.current_schemas(false),
    p_on_failure, coalesce(p_action_sql, '{}'))
$$;
