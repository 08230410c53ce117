-- explain_event: a limit of its channel (set_limits) lets it wait. By key in order it is blocked by one event; else as many as may run or
-- start have done so.
create or replace function pgrelay.reason_limits(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with l as (
    select l.*, s.low_permit, format('select pgrelay.unset_limits(%L);  -- lifts the limits of the channel', p_event.channel) as lift
    from pgrelay.channel_limit l join pgrelay.limit_state s on s.channel_id = l.channel_id
    where l.channel_id = p_event.channel_id and p_event.stage = 'ready'
  ), held as (
    select q.id, q.key, format('event %s, held by slot %s worker %s since %s', q.id, q.slot, q.worker, q.claimed_at) as what
    from l join pgrelay.queue q on q.channel_id = l.channel_id and q.permit >= l.low_permit and coalesce(q.slot, 0::smallint) > 0
  ), all_held as (
    select count(*) as n, count(*) filter (where h.key = p_event.key) as of_key, string_agg(h.what, '; ' order by h.id) filter (where h.rank <= 3) as some,
      string_agg(h.what, '; ' order by h.id) filter (where h.key = p_event.key and h.key_rank <= 3) as some_of_key
    from (select held.*, row_number() over (order by held.id) as rank, row_number() over (partition by held.key order by held.id) as key_rank from held) h
  ), r as (
    select l.lift, l.rate, l.rate_period, x.next_at from l cross join lateral pgrelay.rate_room(l.channel_id) x where x.room = 0
  )
  select 'limited', format('%s events of channel %s run at once, which is all that may: %s%s', h.n, p_event.channel, h.some, case when h.n > 3 then '; …' else '' end),
    l.lift || '; it also runs when one of those has ended'
  from l, all_held h where p_event.kind <> 'sql' and h.n >= l.concurrency
  union all
  select case when l.fifo then 'blocked' else 'limited' end,
    case when l.fifo then format('the events of its key run in order: blocked by %s', h.some_of_key)
      else format('%s events of its key run at once, which is all that may: %s%s', h.of_key, h.some_of_key, case when h.of_key > 3 then '; …' else '' end) end,
    l.lift || '; it also runs when that one has ended'
  from l, all_held h where h.of_key >= l.key_concurrency
  union all
  select 'blocked', format('the events of its key run in order: blocked by event %s, which waits for its next attempt until %s', d.id, d.run_at),
    format('select pgrelay.snooze(%s, interval ''0'');  -- lets that one run now; cancel(%s) takes it away', d.id, d.id)
  from l cross join lateral (
    select d.id, d.run_at from pgrelay.delayed d
    where l.fifo and d.node = (select n.id from pgrelay.node n where n.is_this) and coalesce(d.channel_id, 0) = l.channel_id and d.key = p_event.key and d.attempt > 0 and d.id < p_event.id order by d.id limit 1) d
  union all
  select 'blocked', format('the events of its key run in order: event %s comes before it', q.id), '-- It runs when that one has ended.'
  from l cross join lateral (
    select q.id from pgrelay.queue q
    where l.fifo and q.channel_id = l.channel_id and q.slot is null and q.key = p_event.key and q.id < p_event.id order by q.id limit 1) q
  union all
  select 'limited', format('%s starts in %s are used up: the next event of channel %s may start at %s', r.rate, r.rate_period, p_event.channel, r.next_at),
    r.lift || '; it also runs when its turn comes'
  from r
  union all
  select 'limited', format('%s batches of channel %s run at once, which is all that may: %s', t.n, p_event.channel, t.who), l.lift || '; it also runs when one of those has ended'
  from l cross join lateral (
    select count(*) as n, string_agg(pgrelay.name_backend(h.pid), '; ' order by t.turn) as who
    from pgrelay.limit_turn t cross join lateral pgrelay.lock_holders(t.xmax) h
    where t.channel_id = l.channel_id and t.turn <= l.concurrency and h.pid is not null) t
  where p_event.kind = 'sql' and p_event.parallel and t.n >= l.concurrency
$$;
