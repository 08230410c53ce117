-- The ids of the next events of a SQL channel, in the order in which a batch takes them; nothing is locked. After a
-- timeout undid a batch, the Processor learns from it which event the single run that timed out was about.
create or replace function pgrelay.peek_v1(p_channel_id integer, p_limit integer) returns bigint[]
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(r.id), '{}') from (
    select q.id from pgrelay.queue q
    where q.channel_id = p_channel_id and q.slot is null and q.node = (select n.id from pgrelay.node n where n.is_this)
    order by q.priority, q.place limit p_limit) r
$$;
