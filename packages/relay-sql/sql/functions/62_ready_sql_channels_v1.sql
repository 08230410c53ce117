-- For run(): moves due events into the queue and returns the SQL channels that have ready events of this node.
create or replace function pgrelay.ready_sql_channels_v1() returns integer[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform pgrelay.release_waiters();
  perform pgrelay.promote_v1(1000);
  return array(
    select c.id from pgrelay.channel c
    where c.kind = 'sql' and c.state = 'active' and (not c.breaker or pgrelay.lets_through_v1(c.id)) and (not c.limited or pgrelay.has_room_v1(c.id)) and exists (select from pgrelay.queue q where q.channel_id = c.id and q.slot is null
      and q.node = (select n.id from pgrelay.node n where n.is_this)) order by c.id);
end $$;
