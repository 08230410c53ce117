-- The registered channels, without their action text.
create or replace view pgrelay.channels as
  select c.id, c.name, c.kind, c.mode, c.state, c.parallel, c.statement_timeout, c.max_payload, c.action_checked, c.search_path,
    c.registered_by, c.registered_at, c.handler_kind, c.limited, c.debounced, c.expire_after
  from pgrelay.channel c;
