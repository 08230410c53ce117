-- Ends attempts of claimed events, any number at any time: takes them out of the queue and writes their audit rows in
-- one statement. Only rows still marked with this slot and epoch and in this attempt are touched, so a stale Processor or
-- attempt changes nothing and sending the same settlement twice does no harm. As the last statement of a transactional handler a result of fewer
-- rows than asked means: roll back.
--   p_outcomes   done | cancelled | failed | retried | snoozed (both after p_delays ms) | error (the retry policy decides)
--   p_started, p_finished   how many ms ago, by a monotonic clock; the database's clock gives the times
--   p_errors     NULL, or {sqlstate, code, message, detail, hint, context, constraint, table} and what decide_v2 takes
-- Returns each settled event with the outcome that was logged. Planned once a session: planning this statement costs more than running
-- it for one event.
-- Rows are found by their ids: seqscan is off, and the ids are said twice, for a plan that was made while the queue was small
-- would else walk all of it, or all of its key for the join. coalesce keeps the index on (slot, epoch) out, in which every row
-- that this Processor has settled lies dead as long as a snapshot is held.
create or replace function pgrelay.settle_v1(
  p_slot smallint, p_epoch bigint, p_ids bigint[], p_attempts integer[], p_outcomes text[], p_delays double precision[],
  p_started double precision[], p_finished double precision[], p_errors jsonb[]
) returns table (id bigint, channel text, outcome text, attempt integer, sqlstate text, code text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
begin
  return query
  -- The rows are found by their ids, one index entry each; what an attempt ended with comes along.
  with d as (
    delete from pgrelay.queue q using unnest(p_ids, p_attempts, p_outcomes, p_delays, p_started, p_finished, p_errors) x(i, a, o, w, s, f, e)
      where q.id = any (p_ids) and q.id = x.i and q.attempt = x.a and coalesce(q.slot, 0::smallint) = p_slot and q.epoch = p_epoch
      returning q.*, x.o as asked, x.w as wait, x.s as started, x.f as finished, x.e as error
  ), e as materialized (
    select d.*, c.name as channel_name, c.breaker, v_now - make_interval(secs => coalesce(d.started, 0) / 1000.0) as started_at,
      v_now - make_interval(secs => coalesce(d.finished, 0) / 1000.0) as finished_at,
      case d.asked when 'error' then pgrelay.decide_v2(d.channel_id, d.error, d.retried)
        when 'retried' then make_interval(secs => d.wait / 1000.0) when 'snoozed' then make_interval(secs => d.wait / 1000.0) end as delay
    from d join pgrelay.channel c on c.id = d.channel_id
  ), f as materialized (
    select e.*, case when e.asked <> 'error' then e.asked when e.delay is not null then 'retried' else 'failed' end as result,
      case when e.asked = 'error' and e.delay is null and e.retried > 0 and e.error ->> 'code' in ('handler_error', 'action_error') then 'retries_exhausted' else e.error ->> 'code' end as result_code
    from e
  ), freed as (
    delete from pgrelay.dedup k where k.ctid = any (array(
      select y.row from f cross join lateral (                    -- lateral: one look each, never a walk through all keys
        select x.ctid as row from pgrelay.dedup x where x.channel_id = f.channel_id and x.key = f.dedup_key and x.event_id = f.id
          and coalesce(x.kept_until, '-infinity') <= v_now for update skip locked) y where f.dedup_key is not null))
  ), logged as (
    insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome, sqlstate, code, constraint_name, table_name)
      select f.id, f.enqueued_at, f.started_at, f.finished_at, f.attempt, p_slot, f.worker, f.node, f.channel_name, f.result,
        f.error ->> 'sqlstate', f.result_code,
        case when f.error ? 'constraint' then pgrelay.catalog_name('constraint', f.error ->> 'constraint') end,
        case when f.error ? 'table' then pgrelay.catalog_name('relation', f.error ->> 'table') end
      from f
  ), again as (
    insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at, attempt, retried, lost, dedup_key, key, payload)
      select f.id, f.channel_id, f.priority, f.node, f.enqueued_at, f.finished_at + f.delay, f.attempt,
        f.retried + (f.result = 'retried')::integer, f.lost, f.dedup_key, f.key, f.payload
      from f where f.result in ('retried', 'snoozed')
  ), dead as (
    insert into pgrelay.failed (id, channel, reason, attempt, retried, lost, priority, node, enqueued_at, failed_at, sqlstate, code,
        message, detail, hint, context, constraint_name, table_name, dedup_key, key, payload)
      select f.id, f.channel_name, 'failed', f.attempt, f.retried, f.lost, f.priority, f.node, f.enqueued_at, f.finished_at,
        f.error ->> 'sqlstate', coalesce(f.result_code, 'failed'), f.error ->> 'message', f.error ->> 'detail', f.error ->> 'hint',
        f.error ->> 'context', f.error ->> 'constraint', f.error ->> 'table', f.dedup_key, f.key, f.payload
      from f where f.result = 'failed'
  )
  select f.id, f.channel_name, f.result, f.attempt, f.error ->> 'sqlstate', f.result_code from f
    where (select count(pgrelay.note_attempts(b.channel_id, b.ids, b.verdicts)) from (     -- once a breaker; true
      select x.channel_id, array_agg(x.id order by x.finished_at) as ids, array_agg(pgrelay.attempt_verdict(x.asked, x.error) order by x.finished_at) as verdicts
      from f x where x.breaker group by x.channel_id order by x.channel_id) b) >= 0;
  if exists (select from pgrelay.debounce) then
    perform pgrelay.end_debounced(p_ids);
  end if;
end $$;
