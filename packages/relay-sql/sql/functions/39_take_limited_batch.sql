-- take_batch for a channel that is limited. A batch has at most one event of a key where there is a limit by key, so that one that is to be retried
-- has none of its key behind it; and of a parallel channel its locks of the keys keep other batches from them. With a rate it holds the channel's row in limit_state, so
-- that no other batch starts events meanwhile; run_batch_v1 then counts those that ran. p_only_id takes that one event, if it may start now.
create or replace function pgrelay.take_limited_batch(
  p_channel_id integer, p_limit integer, p_priorities smallint[], p_lows bigint[], p_only_id bigint,
  out rows tid[], out ids bigint[], out payloads text[], out keys text[]
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_limits pgrelay.channel_limit;
  v_left integer := p_limit;
  v_keyed boolean;
begin
  select l.* into v_limits from pgrelay.channel_limit l where l.channel_id = p_channel_id;
  v_keyed := coalesce(v_limits.fifo, false) or v_limits.key_concurrency is not null;
  if v_limits.rate is not null then
    perform from pgrelay.limit_state s where s.channel_id = p_channel_id for update skip locked;
    if not found then
      return;
    end if;
    v_left := pgrelay.permits_left(p_channel_id, p_limit);
  end if;
  if v_left <= 0 then
    return;
  elsif p_only_id is not null then
    if v_keyed and exists (
      select from pgrelay.queue q join pgrelay.queue e on e.channel_id = q.channel_id and e.slot is null and e.key = q.key and e.id < q.id and e.node = q.node
      where q.id = p_only_id) or v_limits.fifo and exists (
      select from pgrelay.queue q join pgrelay.delayed d on coalesce(d.channel_id, 0) = q.channel_id and d.key = q.key and d.attempt > 0 and d.id < q.id and d.node = q.node where q.id = p_only_id)
      or v_keyed and (select not pg_try_advisory_xact_lock(p_channel_id, hashtext(q.key)) from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id
        where q.id = p_only_id and q.key is not null and c.parallel)
    then
      return;
    end if;
    select b.rows, b.ids, b.payloads, b.keys into rows, ids, payloads, keys from pgrelay.take_batch(p_channel_id, v_left, p_priorities, p_lows, p_only_id) b;
    return;
  end if;
  rows := pgrelay.take_limited(p_channel_id, v_left, p_priorities, p_lows, v_keyed);
  select array_agg(q.id order by r.n), array_agg(q.payload order by r.n), array_agg(q.dedup_key) filter (where q.dedup_key is not null) into ids, payloads, keys
    from unnest(rows) with ordinality r(row, n) join pgrelay.queue q on q.ctid = r.row;
end $$;
