-- end_batch for a batch in which something failed: what failed is filed for its retry or with the dead letters.
create or replace function pgrelay.end_failed_batch(
  p_slot smallint, p_worker smallint, p_channel_id integer, p_name text, p_rows tid[], p_ids bigint[],
  p_started timestamptz[], p_ended timestamptz[], p_failures pgrelay.action_result[],
  out done integer, out retried integer, out failed integer, out troubles jsonb
)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off
as $$
begin
  with r as materialized (
    select x.id, x.started_at, x.finished_at, f.sqlstate, f.message, f.detail, f.hint, f.context, f.constraint_name, f.table_name
    from unnest(p_ids, p_started, p_ended) x(id, started_at, finished_at) left join unnest(p_failures) f on f.id = x.id
  ), d as (
    delete from pgrelay.queue q where q.ctid = any (p_rows) returning q.*
  ), e as materialized (
    select d.id, d.enqueued_at, d.attempt + 1 as attempt, d.retried, d.lost, d.priority, d.node, d.dedup_key, d.key, d.payload,
      r.started_at, r.finished_at, r.sqlstate, r.message, r.detail, r.hint, r.context, r.constraint_name, r.table_name,
      case when r.sqlstate is not null then pgrelay.decide_v2(p_channel_id, jsonb_build_object('sqlstate', r.sqlstate, 'code', 'action_error'), d.retried) end as delay     -- failures only
    from d join r on r.id = d.id
  ), f as materialized (
    select e.*, case when e.sqlstate is null then 'done' when e.delay is not null then 'retried' else 'failed' end as outcome,
      case when e.sqlstate is null then null when e.delay is null and e.retried > 0 then 'retries_exhausted' else 'action_error' end as code
    from e
  ), logged as (
    insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome, sqlstate, code, constraint_name, table_name)
      select e.id, e.enqueued_at, e.started_at, e.finished_at, e.attempt, p_slot, p_worker, e.node, p_name, e.outcome, e.sqlstate, e.code,
        case when e.sqlstate is not null then pgrelay.catalog_name('constraint', e.constraint_name) end,
        case when e.sqlstate is not null then pgrelay.catalog_name('relation', e.table_name) end
      from f e
  ), again as (
    insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at, attempt, retried, lost, dedup_key, key, payload)
      select e.id, p_channel_id, e.priority, e.node, e.enqueued_at, e.finished_at + e.delay, e.attempt, e.retried + 1, e.lost, e.dedup_key, e.key, e.payload
      from f e where e.outcome = 'retried'
  ), dead as (
    insert into pgrelay.failed (id, channel, reason, attempt, retried, lost, priority, node, enqueued_at, failed_at, sqlstate, code,
        message, detail, hint, context, constraint_name, table_name, dedup_key, key, payload)
      select e.id, p_name, 'failed', e.attempt, e.retried, e.lost, e.priority, e.node, e.enqueued_at, e.finished_at, e.sqlstate, e.code,
        e.message, e.detail, e.hint, e.context, e.constraint_name, e.table_name, e.dedup_key, e.key, e.payload
      from f e where e.outcome = 'failed'
  )
  select count(*) filter (where e.outcome = 'done'), count(*) filter (where e.outcome = 'retried'), count(*) filter (where e.outcome = 'failed'),
      coalesce(jsonb_agg(jsonb_build_object('id', e.id::text, 'outcome', e.outcome, 'attempt', e.attempt, 'sqlstate', e.sqlstate, 'code', e.code))
        filter (where e.outcome <> 'done'), '[]')
    into done, retried, failed, troubles from f e;
end $$;
