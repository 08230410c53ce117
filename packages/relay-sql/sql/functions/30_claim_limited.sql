-- claim_v1 for a channel that is limited. Claims of one such channel go one after the other: they lock its row in limit_state, and what is
-- free is counted in a later statement, which sees every earlier claim. Whoever finds that row locked waits for 5 ms at most, then claims nothing:
-- a claim lasts less than that, and nobody queues behind one that hangs. A claim that finds nothing free has locked no event, and when
-- it can see so beforehand not even that row.
create or replace function pgrelay.claim_limited(
  p_slot smallint, p_epoch bigint, p_worker smallint, p_channel_id integer, p_limit integer, p_priorities smallint[], p_lows bigint[]
)
returns table (id bigint, payload text, attempt integer, priority smallint, enqueued_at timestamptz, dedup_key text, key text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_left integer;
  v_rows tid[];
  v_low bigint;
begin
  if not exists (select from pgrelay.channel c where c.id = p_channel_id and c.state = 'active' and c.kind <> 'sql') or pgrelay.permits_left(p_channel_id, p_limit) <= 0 then
    return;
  end if;
  for v_try in 1 .. 5 loop
    select s.low_permit into v_low from pgrelay.limit_state s where s.channel_id = p_channel_id for update skip locked;
    exit when v_low is not null;
    perform pg_sleep(0.001);
  end loop;
  if v_low is null then
    return;
  end if;
  v_left := pgrelay.permits_left(p_channel_id, p_limit);
  if v_left <= 0 then
    return;
  end if;
  v_rows := pgrelay.take_limited(p_channel_id, v_left, p_priorities, p_lows, false);
  if cardinality(v_rows) = 0 then
    return;
  end if;
  return query
    with u as (
      update pgrelay.queue q
        set slot = p_slot, epoch = p_epoch, worker = p_worker, attempt = q.attempt + 1, claimed_at = pgrelay.clock_now(), permit = nextval('pgrelay.permit_seq')
        where q.ctid = any (v_rows)
        returning q.*
    )
    select u.id, u.payload, u.attempt, u.priority, u.enqueued_at, u.dedup_key, u.key from u order by u.priority, u.place;
  perform pgrelay.note_starts(p_channel_id, cardinality(v_rows));
  -- Now and then, so that counting what runs does not read the dead rows of what has ended.
  if (select p.last_value from pgrelay.permit_seq p) - v_low > 1000 then
    update pgrelay.limit_state s set low_permit = (
        select min(q.permit) from pgrelay.queue q where q.channel_id = p_channel_id and q.permit >= v_low and coalesce(q.slot, 0::smallint) > 0)
      where s.channel_id = p_channel_id;
  end if;
end $$;
