-- Which channels have work that this Processor may take: SQL and top-level channels, and the handler channels it serves. Moves due
-- delayed events into the queue first. Touches one index entry per channel when there is nothing to do, however much is
-- delayed or logged. Returns the channels with their kind, and when the next delayed event is due.
create or replace function pgrelay.poll_v1(p_handler_channels integer[], p_promote integer default 1000)
returns table (channel_id integer, channel text, kind text, parallel boolean, timeout_ms double precision, next_due_ms double precision)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_next double precision := pgrelay.promote_v1(p_promote);
begin
  return query
    select c.id, c.name, c.kind, c.parallel, extract(epoch from c.statement_timeout)::double precision * 1000, v_next
    from pgrelay.channel c
    where c.state = 'active' and (c.kind <> 'handler' or c.id = any (p_handler_channels))
      and exists (select from pgrelay.queue q where q.channel_id = c.id and q.slot is null);
  if not found then
    return query select null::integer, null::text, null::text, null::boolean, null::double precision, v_next;
  end if;
end $$;
