-- Takes away what has expired (set_expiry): events that were due longer ago than their channel allows and have never started. Each has an audit
-- row (cancelled, code expired); their dedup keys are free. Of each lane the first p_limit ready events are looked at, from the low-water marks on
-- (p_priorities, p_lows: of one channel, as in claim_v1, or of those of p_channels); a claim takes no expired one anyway. p_channel_id NULL: of every channel. One that
-- is being claimed or held is left. Returns how many went.
create or replace function pgrelay.expire_events(
  p_channel_id integer default null, p_priorities smallint[] default '{}', p_lows bigint[] default '{}', p_limit integer default 1000,
  p_channels integer[] default null
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_rows tid[];
  v_ids bigint[];
  v_channels integer[];
  v_keys text[];
begin
  select array_agg(x.row) into v_rows
    from (
      select k.channel_id, k.priority, c.expire_after, coalesce(max(m.low), 0) as low from pgrelay.channel c join pgrelay.lane k on k.channel_id = c.id
      left join unnest(p_priorities, p_lows, p_channels) m(priority, low, channel_id) on m.priority = k.priority and coalesce(m.channel_id, c.id) = c.id
      where c.expire_after is not null and (p_channel_id is null or c.id = p_channel_id) group by 1, 2, 3) l
    cross join lateral (
      select q.ctid as row, q.attempt, q.run_at, q.node from pgrelay.queue q
      where q.channel_id = l.channel_id and q.priority = l.priority and q.slot is null and q.place >= l.low
      order by q.place limit p_limit) x
    where x.attempt = 0 and x.run_at <= v_now - l.expire_after and x.node = (select n.id from pgrelay.node n where n.is_this);
  if v_rows is null then
    return 0;
  end if;
  with gone as (
    delete from pgrelay.queue q where q.ctid = any (array(
      select y.ctid from pgrelay.queue y join pgrelay.channel c on c.id = y.channel_id
      where y.ctid = any (v_rows) and y.slot is null and y.attempt = 0 and y.run_at <= v_now - c.expire_after for update of y skip locked))
      returning q.id, q.channel_id, q.enqueued_at, q.attempt, q.node, q.dedup_key
  ), logged as (
    insert into pgrelay.log (event_id, enqueued_at, finished_at, attempt, node, channel, outcome, code)
      select g.id, g.enqueued_at, v_now, g.attempt + 1, g.node, c.name, 'cancelled', 'expired' from gone g join pgrelay.channel c on c.id = g.channel_id
  )
  select array_agg(g.id), array_agg(g.channel_id) filter (where g.dedup_key is not null), array_agg(g.dedup_key) filter (where g.dedup_key is not null)
    into v_ids, v_channels, v_keys from gone g;
  delete from pgrelay.dedup k where k.ctid = any (array(
    select y.row from unnest(v_channels, v_keys) u(channel_id, key) cross join lateral (
      select x.ctid as row from pgrelay.dedup x where x.channel_id = u.channel_id and x.key = u.key and x.event_id = any (v_ids) for update skip locked) y));
  perform pgrelay.end_debounced(v_ids) where exists (select from pgrelay.debounce);
  return coalesce(cardinality(v_ids), 0);
end $$;
