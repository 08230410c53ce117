-- Registers a channel: with p_action_sql a SQL channel, without it a handler channel whose events a TypeScript handler
-- takes. Names in the action are resolved with the search_path of the calling session, which is kept with the channel.
--   p_name                1 to 200 octets
--   p_action_sql          $1 is the payload (text); pgrelay.current_event() gives the rest
--   p_mode                'transactional' (default for SQL), 'leased' (default for handlers), or 'toplevel': one SQL statement
--                         that cannot run in a transaction (VACUUM, CREATE INDEX CONCURRENTLY, a procedure that commits)
--   p_check               false: do not plan the action now; a fault is then a problem row and a failed event
--   p_statement_timeout   of one event of the action; 30 seconds by default
--   p_parallel            let several batches of this SQL channel run at once (they may then wait for each other's locks)
--   p_max_payload         octets; 1 MB by default
--   p_on_failure          the channel that gets an event for each event of this one that fails for good ('' takes it away)
--   p_replace             change a channel that is registered differently; without it that is PR005
-- Registering the same thing again changes nothing, but makes a private function anew that is missing or was altered. Returns the channel's id.
-- Runs as the caller only to see its search_path; the rest is done by register_channel_as.
create or replace function pgrelay.register_channel(
  p_name text,
  p_action_sql text default null,
  p_mode text default null,
  p_check boolean default true,
  p_statement_timeout interval default null,
  p_parallel boolean default null,
  p_max_payload integer default null,
  p_replace boolean default false,
  p_on_failure text default null
) returns integer
language sql volatile
as $$
  select pgrelay.register_channel_as(p_name, case when coalesce(p_mode, '') operator(pg_catalog.<>) 'toplevel' then p_action_sql end, p_mode, p_check, p_statement_timeout, p_parallel, p_max_payload, p_replace,
    pg_catalog.current_schemas(false),
    p_on_failure, case when p_mode operator(pg_catalog.=) 'toplevel' and p_action_sql is not null then array[p_action_sql] end)
$$;
