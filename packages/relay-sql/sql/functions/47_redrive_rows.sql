-- Moves failed events (p_channel NULL: of any channel), which the caller has locked, back into the relay in the order given; one every
-- p_gap when that is not NULL. Moves nothing when the channel is gone: the insert looks it up with a snapshot younger
-- than its table locks. Returns how many moved.
create or replace function pgrelay.redrive_rows(p_channel text, p_ids bigint[], p_gap interval) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_moved bigint;
begin
  delete from pgrelay.cancellation a where a.event_id = any (p_ids);           -- of an attempt that failed by itself
  insert into pgrelay.lane (channel_id, priority)      -- of a channel that was dropped and registered again they are unknown
    select distinct c.id, f.priority from pgrelay.failed f join pgrelay.channel c on c.name = f.channel
    where f.id = any (p_ids) and not exists (select from pgrelay.lane l where l.channel_id = c.id and l.priority = f.priority);
  with gone as (
    delete from pgrelay.failed f using pgrelay.channel c where f.id = any (p_ids) and c.name = f.channel and f.channel = coalesce(p_channel, f.channel)
      returning f.id, c.id as channel_id, f.priority, f.enqueued_at, f.attempt, f.dedup_key, f.key, f.payload
  ), e as materialized (
    select g.*, o.n, v_now + coalesce(p_gap * (o.n - 1), interval '0') as run_at, node.id as node
    from gone g join unnest(p_ids) with ordinality o(id, n) on o.id = g.id cross join pgrelay.node where node.is_this
  ), later as (
    insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at, attempt, dedup_key, key, payload)
      select e.id, e.channel_id, e.priority, e.node, e.enqueued_at, e.run_at, e.attempt, e.dedup_key, e.key, e.payload from e where e.run_at > v_now
  ), now as (
    insert into pgrelay.queue (id, channel_id, priority, node, enqueued_at, run_at, attempt, dedup_key, key, payload)
      select e.id, e.channel_id, e.priority, e.node, e.enqueued_at, v_now, e.attempt, e.dedup_key, e.key, e.payload
      from e where e.run_at <= v_now order by e.n
  )
  select count(*) into v_moved from e;
  perform pgrelay.hint('');
  return v_moved;
end $$;
