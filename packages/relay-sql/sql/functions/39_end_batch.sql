-- The last part of run_batch_v1: takes the events that ran out of the queue and writes their audit rows, in one statement. A
-- batch in which something failed is filed by end_failed_batch. A function of its own because of its planner settings, which
-- the action must not inherit: the rows are found by a TID scan and joined by hash, whatever the plan was made for.
create or replace function pgrelay.end_batch(
  p_slot smallint, p_worker smallint, p_channel_id integer, p_name text, p_rows tid[], p_ids bigint[], p_started timestamptz[],
  p_ended timestamptz[], p_failures pgrelay.action_result[],
  out done integer, out retried integer, out failed integer, out troubles jsonb
)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off
as $$
begin
  retried := 0; failed := 0; troubles := '[]';
  if p_failures is not null then
    select b.done, b.retried, b.failed, b.troubles into done, retried, failed, troubles
      from pgrelay.end_failed_batch(p_slot, p_worker, p_channel_id, p_name, p_rows, p_ids, p_started, p_ended, p_failures) b;
    return;
  end if;
  with d as (
    delete from pgrelay.queue q where q.ctid = any (p_rows) returning q.id, q.enqueued_at, q.attempt, q.node
  )
  insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome)
    select d.id, d.enqueued_at, r.started, r.ended, d.attempt + 1, p_slot, p_worker, d.node, p_name, 'done'
    from d join unnest(p_ids, p_started, p_ended) r(id, started, ended) on r.id = d.id;
  get diagnostics done = row_count;
end $$;
