-- Claims, runs and settles a batch of a SQL channel in the one transaction of this call: the action's writes, the
-- events' end and their audit rows commit together or not at all. No lease is needed: while it runs the events are
-- locked, and if the connection dies they are ready as before.
-- One batch of a channel at a time, unless it is parallel (busy: another has the turn). A batch of several events runs
-- under lock_timeout 5 ms and ends at p_cap_ms; what it did not come to stays ready and was no attempt (limited: it
-- stopped at a lock; ask for a smaller batch). The caller sends statement_timeout; on 57014 everything is undone, and
-- the events run again one by one.
-- p_only_id runs that one event, if it is still ready: after a timeout the Processor must know which event it was.
-- Returns counts and, for what did not go well, ids with SQLSTATE and code: never a message or payload.
create or replace function pgrelay.run_batch_v1(
  p_slot smallint, p_epoch bigint, p_worker smallint, p_channel_id integer, p_limit integer, p_singly boolean, p_cap_ms integer, p_only_id bigint default null,
  out busy boolean, out limited boolean, out taken integer, out done integer, out retried integer, out failed integer,
  out troubles jsonb
)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_parallel boolean;
  v_rows tid[];
  v_ids bigint[];
  v_contexts text[];
  v_payloads text[];
  v_keys text[];
  v_results pgrelay.action_result[];
  v_ran integer;
begin
  busy := false; limited := false; taken := 0; done := 0; retried := 0; failed := 0; troubles := '[]';
  perform pgrelay.check_fence(p_slot, p_epoch);
  select c.name, c.parallel into v_name, v_parallel from pgrelay.channel c where c.id = p_channel_id and c.state = 'active' and c.kind = 'sql';
  if not found then
    return;
  elsif not v_parallel then
    perform from pgrelay.channel_turn t where t.channel_id = p_channel_id for update skip locked;
    if not found then
      busy := true;
      return;
    end if;
  end if;

  select array_agg(r.row), array_agg(r.id), array_agg(r.payload), array_agg(r.dedup_key) filter (where r.dedup_key is not null),
      array_agg(row(r.id, v_name, r.attempt + 1, r.priority, r.enqueued_at, r.dedup_key)::pgrelay.event_context::text)
    into v_rows, v_ids, v_payloads, v_keys, v_contexts
    from (
      select q.ctid as row, q.id, q.payload, q.attempt, q.priority, q.enqueued_at, q.dedup_key from pgrelay.queue q
      where q.channel_id = p_channel_id and q.slot is null and q.node = (select n.id from pgrelay.node n where n.is_this)
        and (p_only_id is null or q.id = p_only_id)
      order by q.priority, q.place limit p_limit for update of q skip locked) r;
  taken := coalesce(cardinality(v_ids), 0);
  if taken = 0 then
    return;
  end if;

  if not exists (select from pg_proc p where p.proname = 'run_' || p_channel_id and p.prosecdef
                 and p.proowner = 'pgrelay'::regrole and p.pronamespace = 'pgrelay_action'::regnamespace) then
    raise exception using errcode = 'PR008', message = format('the private function of channel %L is missing or was altered', v_name),
      hint = 'Register the channel again with p_replace => true.';
  end if;
  if taken > 1 then
    perform set_config('lock_timeout', '5ms', true);
  end if;
  execute format('select array_agg(r) from pgrelay_action.run_%s($1, $2, $3, $4, $5) r', p_channel_id)
    into v_results using v_ids, v_contexts, v_payloads, p_singly, pgrelay.clock_now() + make_interval(secs => p_cap_ms / 1000.0);
  perform set_config('pgrelay.event', '', true);
  v_ran := coalesce(cardinality(v_results), 0);
  limited := v_ran = 0 or (v_ran < taken and pgrelay.clock_now() < v_results[1].started_at + make_interval(secs => p_cap_ms / 1000.0));

  with r as materialized (
    select * from unnest(v_results)
  ), d as (
    delete from pgrelay.queue q where q.ctid = any (v_rows[1 : v_ran]) returning q.*
  ), e as materialized (
    select d.id, d.enqueued_at, d.attempt + 1 as attempt, d.retried, d.lost, d.priority, d.node, d.dedup_key, d.payload,
      r.started_at, r.finished_at, r.sqlstate, r.message, r.detail, r.hint, r.context, r.constraint_name, r.table_name, w.delay,
      case when r.sqlstate is null then 'done' when w.delay is not null then 'retried' else 'failed' end as outcome,
      case when r.sqlstate is null then null when w.delay is null and d.retried > 0 then 'retries_exhausted' else 'action_error' end as code
    from d join r on r.id = d.id
    left join lateral (select pgrelay.decide_v1(p_channel_id, r.sqlstate, d.retried) as delay) w on r.sqlstate is not null
  ), logged as (
    insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome, sqlstate, code, constraint_name, table_name)
      select e.id, e.enqueued_at, e.started_at, e.finished_at, e.attempt, p_slot, p_worker, e.node, v_name, e.outcome, e.sqlstate, e.code,
        case when e.sqlstate is not null then pgrelay.catalog_name('constraint', e.constraint_name) end,
        case when e.sqlstate is not null then pgrelay.catalog_name('relation', e.table_name) end
      from e
  ), again as (
    insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at, attempt, retried, lost, dedup_key, payload)
      select e.id, p_channel_id, e.priority, e.node, e.enqueued_at, e.finished_at + e.delay, e.attempt, e.retried + 1, e.lost, e.dedup_key, e.payload
      from e where e.outcome = 'retried'
  ), dead as (
    insert into pgrelay.failed (id, channel, reason, attempt, retried, lost, priority, node, enqueued_at, failed_at, sqlstate, code,
        message, detail, hint, context, constraint_name, table_name, dedup_key, payload)
      select e.id, v_name, 'failed', e.attempt, e.retried, e.lost, e.priority, e.node, e.enqueued_at, e.finished_at, e.sqlstate, e.code,
        e.message, e.detail, e.hint, e.context, e.constraint_name, e.table_name, e.dedup_key, e.payload
      from e where e.outcome = 'failed'
  )
  select count(*) filter (where e.outcome = 'done'), count(*) filter (where e.outcome = 'retried'), count(*) filter (where e.outcome = 'failed'),
      coalesce(jsonb_agg(jsonb_build_object('id', e.id::text, 'outcome', e.outcome, 'attempt', e.attempt, 'sqlstate', e.sqlstate, 'code', e.code))
        filter (where e.outcome <> 'done'), '[]')
    into done, retried, failed, troubles from e;
  if v_keys is not null then
    perform pgrelay.free_dedup_keys(p_channel_id, v_keys, v_ids[1 : v_ran]);
  end if;
end $$;
