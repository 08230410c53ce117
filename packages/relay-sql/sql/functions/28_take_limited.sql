-- Locks up to p_limit ready events of a limited channel that may start now, and returns them in the order in which they are to run. How many
-- may start by its concurrency and its rate, the caller has found out already (permits_left). Without a limit by key they are taken as
-- in claim_v1. With one, keys take turns: the walk (free_keys) goes on where the last one stopped, and takes the first event of each key; when it has
-- come round and there is room left, more of each, unless p_once says one of each. Events without a key have half of the room
-- when there are enough of them, so that neither side waits for the other. A key whose first event somebody has locked is left alone.
-- One whose Processor was lost before is taken alone.
-- The caller holds the channel's row in limit_state, or is a batch of a SQL channel. Batches of a parallel one run beside each other, and their
-- events hold no permit: a batch locks the keys it has events of, to the end of its transaction (advisory locks; two keys with the same hash
-- only wait for each other), and takes no more than 200 keys, for each is an entry in the server's table of locks.
create or replace function pgrelay.take_limited(
  p_channel_id integer, p_limit integer, p_priorities smallint[], p_lows bigint[], p_once boolean, out rows tid[]
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_most constant integer := 10000;      -- keys that a claim looks at
  v_limits pgrelay.channel_limit;
  v_after text;
  v_place bigint;
  v_low bigint;
  v_part integer;
  v_heads tid[];
  v_ids bigint[];
  v_keys text[];
  v_walked integer;
  v_from text;
  v_next_key text;
  v_next_place bigint;
  v_seen_to bigint;
  v_more tid[];
  v_taken_keys text[];
  v_all_keys text[] := '{}';
  v_all_ids bigint[] := '{}';
  v_taken_ids bigint[];
  v_some_lost boolean;
  v_any_lost boolean := false;
  v_lost boolean[];
  v_beside boolean := p_once and (select c.parallel from pgrelay.channel c where c.id = p_channel_id);
  v_expire_after interval := (select c.expire_after from pgrelay.channel c where c.id = p_channel_id);
begin
  rows := '{}';
  p_limit := case when v_beside then least(p_limit, 200) else p_limit end;
  select * into v_limits from pgrelay.channel_limit l where l.channel_id = p_channel_id;
  select s.after_key, s.after_place, s.low_permit into v_after, v_place, v_low from pgrelay.limit_state s where s.channel_id = p_channel_id;
  if not (coalesce(v_limits.fifo, false) or coalesce(v_limits.fair, false) or v_limits.key_concurrency is not null) then
    select coalesce(array_agg(r.row), '{}'), coalesce(bool_or(r.lost > 0), false) into rows, v_any_lost from (
      select x.row, x.lost from (
        select k.priority, coalesce(max(m.low), 0) as low from pgrelay.lane k
        left join unnest(p_priorities, p_lows) m(priority, low) on m.priority = k.priority
        where k.channel_id = p_channel_id group by k.priority order by k.priority) l
      cross join lateral (
        select q.ctid as row, q.lost from pgrelay.queue q
        where q.channel_id = p_channel_id and q.priority = l.priority and q.slot is null and q.place >= l.low
          and q.node = (select n.id from pgrelay.node n where n.is_this)
        order by q.place limit p_limit for update of q skip locked) x
      limit p_limit) r;
  else
    v_part := case when p_limit > 1 then p_limit / 2 else (random() < 0.5)::integer end;
    v_next_place := v_place;
    for v_round in 1 .. 2 loop
      -- Events without a key: their part first, and what is left of the room after the others.
      if v_part > 0 then
        select array_agg(f.head) filter (where f.head is not null), max(f.next_place) into v_heads, v_seen_to
          from pgrelay.free_unkeyed(p_channel_id, v_place, cardinality(rows) + v_part + 10, p_priorities, p_lows) f;
        select array_agg(x.row), bool_or(x.lost > 0) into v_more, v_some_lost from (
          select y.row, y.lost from unnest(v_heads) with ordinality h(head, n) cross join lateral (
            select q.ctid as row, q.lost from pgrelay.queue q where q.ctid = h.head and q.slot is null and q.key is null for update skip locked) y
          where y.row <> all (rows) order by h.n limit v_part) x;
        rows := rows || coalesce(v_more, '{}');
        v_any_lost := v_any_lost or coalesce(v_some_lost, false);
        if coalesce(cardinality(v_more), 0) < v_part and v_seen_to is not null then
          v_next_place := v_seen_to;
        end if;
      end if;
      exit when v_round = 2;

      v_from := v_after;
      v_next_key := v_after;
      for v_circle in 1 .. 2 loop
        exit when cardinality(rows) >= p_limit or (v_circle = 2 and v_after = '');
        select array_agg(f.head order by f.walked) filter (where f.head is not null), array_agg(f.id order by f.walked) filter (where f.head is not null),
            array_agg(f.key order by f.walked) filter (where f.head is not null), max(f.walked) filter (where f.head is null), max(f.key) filter (where f.head is null)
          into v_heads, v_ids, v_keys, v_walked, v_next_key
          from pgrelay.free_keys(p_channel_id, v_from, case when v_circle = 2 then v_after end, p_limit - cardinality(rows) + 10, v_most) f;
        select array_agg(x.row), array_agg(x.key), array_agg(x.id), bool_or(x.lost > 0) into v_more, v_taken_keys, v_taken_ids, v_some_lost from (
          select y.row, y.lost, h.key, h.id from unnest(v_heads, v_ids, v_keys) with ordinality h(head, id, key, n) cross join lateral (
            select q.ctid as row, q.lost from pgrelay.queue q where q.ctid = h.head and q.id = h.id and q.slot is null for update skip locked) y
          where not v_beside or pg_try_advisory_xact_lock(p_channel_id, hashtext(h.key))
          order by h.n limit p_limit - cardinality(rows)) x;
        rows := rows || coalesce(v_more, '{}');
        v_any_lost := v_any_lost or coalesce(v_some_lost, false);
        v_all_keys := v_all_keys || coalesce(v_taken_keys, '{}');
        v_all_ids := v_all_ids || coalesce(v_taken_ids, '{}');
        if cardinality(rows) >= p_limit then
          v_next_key := v_all_keys[cardinality(v_all_keys)];
        elsif v_walked is null then                                  -- it ended at its limit, and somebody has some of the events locked
          v_next_key := v_keys[cardinality(v_keys)];
        end if;
        exit when cardinality(rows) >= p_limit or v_walked is null or v_walked >= v_most;
        v_next_key := v_after;                                       -- to its end: the next one begins where this one did
        v_from := '';
      end loop;

      if not p_once and coalesce(v_limits.key_concurrency, 2) > 1 and cardinality(v_all_keys) > 0 and cardinality(rows) < p_limit then
        with held as materialized (
          select q.key, count(*)::integer as n from pgrelay.queue q
          where q.channel_id = p_channel_id and q.permit >= v_low and coalesce(q.slot, 0::smallint) > 0 and q.key is not null group by q.key
        )
        select array_agg(x.row), bool_or(x.lost > 0) into v_more, v_some_lost from (
          select y.row, y.lost from unnest(v_all_keys, v_all_ids) with ordinality k(key, id, n) left join held h on h.key = k.key
          cross join lateral (
            select q.ctid as row, q.lost from pgrelay.queue q
            where q.channel_id = p_channel_id and q.slot is null and q.key = k.key and q.id > k.id and q.node = (select n.id from pgrelay.node n where n.is_this)
            order by q.id
            limit least(ceil((p_limit - cardinality(rows))::numeric / cardinality(v_all_keys)), v_limits.key_concurrency - coalesce(h.n, 0) - 1)
            for update skip locked) y
          order by k.n limit p_limit - cardinality(rows)) x;
        rows := rows || coalesce(v_more, '{}');
        v_any_lost := v_any_lost or coalesce(v_some_lost, false);
      end if;
      v_part := p_limit - cardinality(rows);
    end loop;

    if (v_next_key, v_next_place) is distinct from (v_after, v_place) then
      update pgrelay.limit_state s set after_key = v_next_key, after_place = v_next_place
        where s.ctid = any (array(select x.ctid from pgrelay.limit_state x where x.channel_id = p_channel_id for update skip locked));
    end if;
  end if;
  if v_expire_after is not null then                                 -- what has expired is for expire_events()
    rows := array(select r.row from unnest(rows) with ordinality r(row, n) join pgrelay.queue q on q.ctid = r.row
      where q.attempt > 0 or q.run_at > pgrelay.clock_now() - v_expire_after order by r.n);
  end if;
  if v_any_lost then
    v_lost := array(select q.lost > 0 from unnest(rows) with ordinality r(row, n) join pgrelay.queue q on q.ctid = r.row order by r.n);
    rows := rows[1 : greatest(array_position(v_lost, true) - 1, 1)];
  end if;
end $$;
