-- Ends those of these events of a SQL channel that somebody wants cancelled, and that are ready and not held by another. p_started_at: when their
-- attempt, which is undone, began; NULL when it never did. Returns them as run_batch_v1 returns its troubles.
create or replace function pgrelay.end_cancelled(p_slot smallint, p_worker smallint, p_ids bigint[], p_started_at timestamptz) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_ended jsonb;
begin
  with d as (
    delete from pgrelay.queue q
      where q.ctid = any (array(
        select x.ctid from pgrelay.queue x
        where x.id = any (p_ids) and coalesce(x.slot, 0::smallint) = 0 and exists (select from pgrelay.cancellation a where a.event_id = x.id)
        for update skip locked))
      returning q.id, q.channel_id, q.enqueued_at, q.attempt, q.node, q.dedup_key
  ), heard as (
    delete from pgrelay.cancellation a using d where a.event_id = d.id
  ), freed as (
    delete from pgrelay.dedup k using d where k.channel_id = d.channel_id and k.key = d.dedup_key and k.event_id = d.id
  ), logged as (
    insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome, code)
      select d.id, d.enqueued_at, p_started_at, pgrelay.clock_now(), d.attempt + 1, p_slot, p_worker, d.node, c.name, 'cancelled', 'cancelled'
      from d join pgrelay.channel c on c.id = d.channel_id
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', d.id::text, 'outcome', 'cancelled', 'attempt', d.attempt + 1, 'sqlstate', null, 'code', 'cancelled')), '[]')
    into v_ended from d;
  perform pgrelay.end_debounced(p_ids) where exists (select from pgrelay.debounce);
  return v_ended;
end $$;
