-- For run(): the handler and top-level channels that have ready events, as a list of names; NULL when there is none. They need
-- a Processor.
create or replace function pgrelay.left_by_run_v1() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select string_agg(c.name, ', ' order by c.name) from pgrelay.channel c
  where c.kind <> 'sql' and c.state = 'active' and exists (select from pgrelay.queue q where q.channel_id = c.id and q.slot is null
    and q.node = (select n.id from pgrelay.node n where n.is_this))
$$;
