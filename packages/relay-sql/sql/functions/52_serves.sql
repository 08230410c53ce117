-- Whether a Processor, if it lives, serves a channel: it has a handler, or the plugin of its kind; SQL channels everybody serves, top-level ones
-- whatever is no call of run().
create or replace function pgrelay.serves(p_instance pgrelay.instance, p_channel pgrelay.channel) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case p_channel.kind when 'sql' then true when 'toplevel' then p_instance.host <> 'CALL pgrelay.run'
    else p_channel.name = any (p_instance.handlers) or coalesce(p_channel.handler_kind = any (p_instance.kinds), false) end
$$;
