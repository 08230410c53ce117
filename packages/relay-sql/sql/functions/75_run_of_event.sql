-- The call of run() that has this event in the batch that it is running, if one has: its slot and its backend.
create or replace function pgrelay.run_of_event(p_event_id bigint) returns table (slot smallint, pid integer)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select i.slot, i.pid from pgrelay.queue q
  cross join lateral pgrelay.lock_holders(q.xmax) h
  join pgrelay.instance i on i.alive and i.host = 'CALL pgrelay.run' and i.pid = h.pid
  where q.id = p_event_id and q.slot is null
$$;
