-- Claims up to p_limit ready events of a handler channel for a Processor: marks the rows with its slot and epoch, which
-- every later write of the Processor must name. Each lane is read from the Processor's low-water mark on (p_priorities, p_lows;
-- a lane that is not among them from the beginning), the lowest priority number first. An event whose Processor was lost
-- before is claimed alone, so that one that kills its worker takes no innocents with it. A stale Processor (wrong epoch,
-- declared dead) claims nothing. The commit does not wait for the disk: a claim that a crash of the server undoes was a lease
-- that nobody holds, and its settlement finds no row. A claim whose reply was lost is found again by reclaim_v1.
-- What a limited channel may start is found by claim_limited.
-- The planner settings hold the plan: index scans by lane and a TID scan, also when it was made while the queue was empty.
create or replace function pgrelay.claim_v1(
  p_slot smallint, p_epoch bigint, p_worker smallint, p_channel_id integer, p_limit integer,
  p_priorities smallint[] default '{}', p_lows bigint[] default '{}'
)
returns table (id bigint, payload text, attempt integer, priority smallint, enqueued_at timestamptz, dedup_key text, key text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_rows tid[];
  v_lost boolean[];
  v_breaker boolean;
  v_limited boolean;
  v_expired timestamptz;                               -- what was due by then has expired
  v_limit integer;
  v_first bigint;
begin
  select c.breaker, c.limited, pgrelay.clock_now() - c.expire_after into v_breaker, v_limited, v_expired from pgrelay.channel c where c.id = p_channel_id;
  v_limit := case when v_breaker then pgrelay.admit(p_channel_id, p_limit) else p_limit end;
  perform pgrelay.check_fence(p_slot, p_epoch);
  perform set_config('synchronous_commit', 'off', true);
  if v_expired is not null then
    perform pgrelay.expire_events(p_channel_id, p_priorities, p_lows, greatest(2 * p_limit, 50));
  end if;
  if v_limited and not v_breaker then
    return query select * from pgrelay.claim_limited(p_slot, p_epoch, p_worker, p_channel_id, v_limit, p_priorities, p_lows);
    return;
  elsif v_limited then
    for id, payload, attempt, priority, enqueued_at, dedup_key, key in
      select * from pgrelay.claim_limited(p_slot, p_epoch, p_worker, p_channel_id, v_limit, p_priorities, p_lows)
    loop
      v_first := coalesce(v_first, id);
      return next;
    end loop;
    if v_first is not null then
      perform pgrelay.note_probe(p_channel_id, v_first);
    end if;
    return;
  end if;
  select array_agg(r.row), array_agg(r.lost > 0) into v_rows, v_lost from (
    select x.row, x.lost from (
      select k.priority, coalesce(max(m.low), 0) as low from pgrelay.lane k
      left join unnest(p_priorities, p_lows) m(priority, low) on m.priority = k.priority
      where k.channel_id = p_channel_id and exists (select from pgrelay.channel c where c.id = p_channel_id and c.state = 'active' and c.kind <> 'sql')
      group by k.priority order by k.priority) l
    cross join lateral (
      select q.ctid as row, q.lost from pgrelay.queue q
      where q.channel_id = p_channel_id and q.priority = l.priority and q.slot is null and q.place >= l.low
        and q.node = (select n.id from pgrelay.node n where n.is_this)
        and (v_expired is null or q.attempt > 0 or q.run_at > v_expired)
      order by q.place limit v_limit for update of q skip locked) x
    limit v_limit) r;
  if v_rows is null then
    return;
  end if;
  if true = any (v_lost) then
    v_rows := v_rows[1 : greatest(array_position(v_lost, true) - 1, 1)];
  end if;
  if v_breaker then
    perform pgrelay.note_probe(p_channel_id, (select q.id from pgrelay.queue q where q.ctid = v_rows[1]));
  end if;
  return query
    with u as (
      update pgrelay.queue q
        set slot = p_slot, epoch = p_epoch, worker = p_worker, attempt = q.attempt + 1, claimed_at = pgrelay.clock_now()
        where q.ctid = any (v_rows)
        returning q.*
    )
    select u.id, u.payload, u.attempt, u.priority, u.enqueued_at, u.dedup_key, u.key from u order by u.priority, u.place;
end $$;
