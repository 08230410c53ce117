-- settle_v1 for attempts that ended well, which is most of them: only what those need. Returns how many were ended; attempts that
-- are not this Processor's any more are left alone, as in settle_v1. Locks: the rows, by their ids.
create or replace function pgrelay.complete_v1(
  p_slot smallint, p_epoch bigint, p_ids bigint[], p_attempts integer[], p_started double precision[], p_finished double precision[]
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_ended integer;
begin
  -- Somebody counts successes too: a breaker that goes by a share, or that attempts at its target have begun to fail.
  if exists (select from pgrelay.breaker b where b.share is not null or b.in_a_row > 0 or b.open_until is not null) then
    select count(*) into v_ended
      from pgrelay.settle_v1(p_slot, p_epoch, p_ids, p_attempts, array_fill('done'::text, array[cardinality(p_ids)]),
        array_fill(null::double precision, array[cardinality(p_ids)]), p_started, p_finished, array_fill(null::jsonb, array[cardinality(p_ids)]));
    return v_ended;
  end if;
  with d as (
    delete from pgrelay.queue q using unnest(p_ids, p_attempts, p_started, p_finished) x(i, a, s, f)
      where q.id = any (p_ids) and q.id = x.i and q.attempt = x.a and coalesce(q.slot, 0::smallint) = p_slot and q.epoch = p_epoch
      returning q.id, q.channel_id, q.enqueued_at, q.attempt, q.worker, q.node, q.dedup_key, x.s, x.f
  ), freed as (
    delete from pgrelay.dedup k where k.ctid = any (array(
      select y.row from d cross join lateral (
        select x.ctid as row from pgrelay.dedup x where x.channel_id = d.channel_id and x.key = d.dedup_key and x.event_id = d.id
          and coalesce(x.kept_until, '-infinity') <= v_now for update skip locked) y where d.dedup_key is not null))
  )
  insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome)
    select d.id, d.enqueued_at, v_now - d.s * interval '1 millisecond', v_now - d.f * interval '1 millisecond',
      d.attempt, p_slot, d.worker, d.node, c.name, 'done'
    from d join pgrelay.channel c on c.id = d.channel_id;
  get diagnostics v_ended = row_count;
  if exists (select from pgrelay.debounce) then
    perform pgrelay.end_debounced(p_ids);
  end if;
  return v_ended;
end $$;
