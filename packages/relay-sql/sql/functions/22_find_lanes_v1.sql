-- The safety net under pgrelay.lane: adds the lanes of ready events that have none (rows written by hand, a restore) and removes
-- surplus rows. Jumps from lane to lane in the index instead of reading the queue; the full scan of a Processor calls it.
-- Returns how many lanes were missing.
create or replace function pgrelay.find_lanes_v1() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_missing integer;
begin
  with recursive walk as (
    (select q.channel_id, q.priority from pgrelay.queue q where q.slot is null order by q.channel_id, q.priority limit 1)
    union all
    select n.channel_id, n.priority from walk w cross join lateral (
      select q.channel_id, q.priority from pgrelay.queue q
      where q.slot is null and (q.channel_id, q.priority) > (w.channel_id, w.priority) order by q.channel_id, q.priority limit 1) n
  )
  insert into pgrelay.lane (channel_id, priority)
    select w.channel_id, w.priority from walk w
    where not exists (select from pgrelay.lane l where l.channel_id = w.channel_id and l.priority = w.priority);
  get diagnostics v_missing = row_count;
  delete from pgrelay.lane l where exists (
    select from pgrelay.lane k where k.channel_id = l.channel_id and k.priority = l.priority and k.ctid < l.ctid);
  return v_missing;
end $$;
