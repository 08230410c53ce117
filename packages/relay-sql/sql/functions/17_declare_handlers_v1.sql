-- What a Processor calls for its handlers when it starts: registers the channels that are missing (p_declare) and says
-- what is wrong with the others. A Processor can make handler channels only, and changes none that exist.
-- Returns one row a channel: id, and problem = null | 'unknown' | 'sql' (a SQL channel has that name) | 'mode'.
create or replace function pgrelay.declare_handlers_v1(p_names text[], p_modes text[], p_declare boolean)
returns table (name text, id integer, problem text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if p_declare and exists (select from unnest(p_names) n where not exists (select from pgrelay.channel c where c.name = n)) then
    perform pgrelay.register_channel_as(h.name, null, h.mode, true, null, null, null, false, null)
      from unnest(p_names, p_modes) h(name, mode)
      where not exists (select from pgrelay.channel c where c.name = h.name);
  end if;
  return query
    select h.name, c.id, case when c.id is null then 'unknown' when c.kind = 'sql' then 'sql' when c.mode <> h.mode then 'mode' end
    from unnest(p_names, p_modes) h(name, mode) left join pgrelay.channel c on c.name = h.name;
end $$;
