-- Producer side, many at once: puts the events into the caller's transaction with one insert and one hint. They run in the
-- order of the array (among equal priorities). Arguments and errors are those of notify(); an array beside the payloads is
-- NULL or has an element, NULL or not, for each of them.
-- Events of one call under the same dedup key are one event, with the first payload and window and the earliest time. Keys are taken
-- in their own order, so that two calls with the same keys never wait for each other crosswise.
-- Returns the ids in the order of the payloads. Locks: as notify().
create or replace function pgrelay.notify_many(
  p_channel text,
  p_payloads text[],
  p_run_at timestamptz[] default null,
  p_priority integer[] default null,
  p_dedup_key text[] default null,
  p_dedup_window interval[] default null,
  p_key text[] default null
) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_channel pgrelay.channel;
  v_now timestamptz := pgrelay.clock_now();
  v_count integer := coalesce(cardinality(p_payloads), 0);
  v_ids bigint[];
  v_run_at timestamptz[] := p_run_at;
  v_fresh boolean[];                     -- which of the events are new; NULL: all
  v_place integer;
  v_key record;
  v_taken bigint;
  v_wrong text;
  v_inserted bigint;
begin
  select c.* into v_channel from pgrelay.channel c where c.name = p_channel;
  if v_channel.id is null then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_channel),
      hint = 'Register it with pgrelay.register_channel(), or look for the name in the view pgrelay.channels.';
  elsif v_channel.state = 'disabled' then
    raise exception using errcode = 'PR002', message = format('channel %L is disabled', p_channel),
      hint = 'pgrelay.resume_channel() opens it again; a paused channel takes events, a disabled one does not.';
  elsif coalesce(cardinality(p_run_at), v_count) <> v_count or coalesce(cardinality(p_priority), v_count) <> v_count
      or coalesce(cardinality(p_dedup_key), v_count) <> v_count or coalesce(cardinality(p_dedup_window), v_count) <> v_count
      or coalesce(cardinality(p_key), v_count) <> v_count or array_ndims(p_payloads) > 1 then
    raise exception using errcode = 'PR004', message = format('the arrays of notify_many have different lengths; there are %s payloads', v_count),
      hint = 'Give an element for each payload (NULL for the default), or leave the array out.';
  elsif v_count = 0 then
    return '{}';
  end if;
  select format('payload %s has %s octets, channel %L takes at most %s', x.n, octet_length(x.payload), p_channel, v_channel.max_payload)
    into v_wrong from unnest(p_payloads) with ordinality x(payload, n) where octet_length(x.payload) > v_channel.max_payload order by x.n limit 1;
  if found then
    raise exception using errcode = 'PR003', message = v_wrong,
      hint = 'Store the data in a table and send its key, or register the channel with a larger p_max_payload.';
  end if;
  if exists (select from unnest(p_run_at) t where not isfinite(t)) then
    raise exception using errcode = 'PR004', message = 'an element of p_run_at is infinite', hint = 'Give times that will come, or NULL for now.';
  end if;
  select format('priority %s is not between -32768 and 32767', x) into v_wrong
    from unnest(p_priority) x where x not between -32768 and 32767 limit 1;
  if found then
    raise exception using errcode = 'PR004', message = v_wrong, hint = 'Lower numbers run first; 0 is the default.';
  end if;
  select format('key %s has %s octets, not 1 to 200', x.n, octet_length(x.key)) into v_wrong
    from unnest(p_key) with ordinality x(key, n) where octet_length(x.key) not between 1 and 200 order by x.n limit 1;
  if found then
    raise exception using errcode = 'PR004', message = v_wrong, hint = 'Give the id of what events of the channel take turns about, or NULL.';
  end if;
  if v_channel.debounced then
    return pgrelay.put_marks(p_channel, v_channel.id, p_payloads, p_priority, p_dedup_key, p_run_at, p_dedup_window, p_key);
  end if;
  perform pgrelay.check_window(w.key, w.keep) from unnest(p_dedup_key, p_dedup_window) w(key, keep) where w.keep is not null;

  if p_run_at is null and p_priority is null and p_dedup_key is null and p_key is null then
    with now as (
      insert into pgrelay.queue (id, channel_id, node, enqueued_at, run_at, payload)
        select nextval('pgrelay.event_id_seq'), c.id, n.id, v_now, v_now, x.payload
        from unnest(p_payloads) with ordinality x(payload, n), pgrelay.channel c, pgrelay.node n where c.id = v_channel.id and n.is_this order by x.n
        returning id
    )
    select array_agg(now.id order by now.id) into v_ids from now;
    if v_ids is null then
      raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_channel),
        hint = 'It was dropped while this call ran.';
    end if;
    perform pgrelay.note_cause(v_ids);
    perform pgrelay.hint(v_channel.id::text);
    return v_ids;
  end if;

  v_ids := array(select nextval('pgrelay.event_id_seq') from generate_series(1, v_count));
  if p_dedup_key is not null then
    v_run_at := coalesce(v_run_at, array_fill(null::timestamptz, array[v_count]));
    v_fresh := array_fill(false, array[v_count]);
    for v_key in
      select k.key, array_agg(k.n::integer order by k.n) as places, min(greatest(coalesce(k.run_at, v_now), v_now)) as due,
        (array_agg(k.keep order by k.n))[1] as keep
      from unnest(p_dedup_key, v_run_at, p_dedup_window) with ordinality k(key, run_at, keep, n) group by k.key order by k.key collate "C"
    loop
      if v_key.key is null then
        foreach v_place in array v_key.places loop
          v_fresh[v_place] := true;
        end loop;
        continue;
      end if;
      v_place := v_key.places[1];
      v_taken := pgrelay.take_key(v_channel.id, v_key.key, v_ids[v_place], v_key.due, v_now + v_key.keep);
      if v_taken = v_ids[v_place] then
        v_fresh[v_place] := true;
        v_run_at[v_place] := v_key.due;
      end if;
      foreach v_place in array v_key.places loop
        v_ids[v_place] := v_taken;
      end loop;
    end loop;
  end if;

  -- As in notify(): the channel is looked up again by the insert, whose snapshot is younger than its table locks. The arrays are
  -- taken apart together: reading an element of an array of texts walks over all before it.
  with e as (
    select x.id, x.n, coalesce(x.priority, 0) as priority, x.run_at, x.dedup_key, x.key, x.payload
    from unnest(v_ids, p_payloads, p_priority, v_run_at, p_dedup_key, p_key, v_fresh) with ordinality x(id, payload, priority, run_at, dedup_key, key, fresh, n)
    where x.fresh is not false
  ), later as (
    insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at, dedup_key, key, payload)
      select e.id, c.id, e.priority, n.id, v_now, e.run_at, e.dedup_key, e.key, e.payload
      from e, pgrelay.channel c, pgrelay.node n where c.id = v_channel.id and n.is_this and e.run_at > v_now
      returning 1
  ), now as (
    insert into pgrelay.queue (id, channel_id, priority, node, enqueued_at, run_at, dedup_key, key, payload)
      select e.id, c.id, e.priority, n.id, v_now, v_now, e.dedup_key, e.key, e.payload
      from e, pgrelay.channel c, pgrelay.node n where c.id = v_channel.id and n.is_this and (e.run_at > v_now) is not true order by e.n
      returning 1
  )
  select (select count(*) from later) + (select count(*) from now) into v_inserted;
  if v_inserted < coalesce(cardinality(array_positions(v_fresh, true)), v_count) then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_channel),
      hint = 'It was dropped while this call ran.';
  end if;
  insert into pgrelay.lane (channel_id, priority)             -- after the events, as in notify()
    select distinct v_channel.id, p.priority from unnest(p_priority) p(priority)
    where p.priority <> 0 and not exists (select from pgrelay.lane l where l.channel_id = v_channel.id and l.priority = p.priority);
  if p_run_at is not null and (pgrelay.current_event()).channel = p_channel then
    perform pgrelay.note_recurrence_v1(p_channel);
  end if;
  perform pgrelay.note_cause(v_ids, v_run_at);
  perform pgrelay.hint(v_channel.id::text);
  return v_ids;
end $$;
