-- The channels of these kinds, which a Processor with their plugins serves.
create or replace function pgrelay.kind_channels_v1(p_kinds text[]) returns table (id integer, name text, kind text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select c.id, c.name, c.handler_kind from pgrelay.channel c where c.handler_kind = any (p_kinds) order by c.id $$;
