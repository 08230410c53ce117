-- Producer side: puts an event into the caller's own transaction. Commits with it, vanishes with it.
--   p_channel    a registered channel; unknown: PR001, disabled: PR002; a paused one takes the event, which then waits
--   p_payload    text or NULL, at most the channel's max_payload octets (1 MB by default): PR003
--   p_run_at     not before this time; NULL or the past: now
--   p_priority   lower runs first within the channel; 0 by default
--   p_dedup_key  at most one event per (channel, key) that has not started yet: when there is one, its id is returned
--                and the call holds it until the caller commits, so that it never starts before what the caller
--                wrote is visible to it. A key that another open transaction is just inserting is waited for. A waiting
--                event that is due later than this call asks for is moved forward.
--   p_dedup_window  keeps the key for so long from now, also when the event has started or ended: a call within it returns its id and
--                sends nothing. At most 366 days. The window of the call that sent the event counts.
--   p_key        1 to 200 octets: what limits by key (set_limits()) go by, such as a customer; NULL: none
-- On a debounced channel (set_debounce) the dedup key says which events collapse, and neither a time nor a window can be given (PR004).
-- While a Processor is idle the commit also sends it a hint (NOTIFY), which makes PREPARE TRANSACTION fail; a producer that
-- prepares sets pgrelay.hint = off.
-- Where it came from is noted (note_cause) when an event's action sends it, or under trace(); PR030 when it feeds itself.
-- Returns the event's lasting id. Locks: a row lock on the waiting event, with a dedup key only.
create or replace function pgrelay.notify(
  p_channel text,
  p_payload text default null,
  p_run_at timestamptz default null,
  p_priority integer default null,
  p_dedup_key text default null,
  p_dedup_window interval default null,
  p_key text default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id bigint;
  v_plain boolean;      -- no hint was due, and nobody wants to know where the event came from
begin
  -- Most events are ready at once and have no key: one statement, and no expression beside it, since each costs its making in every
  -- transaction. The flag is read after the lock on the table was taken, as in hint(). What this does not take is told apart below.
  insert into pgrelay.queue (id, channel_id, node, enqueued_at, run_at, key, payload)
    select nextval('pgrelay.event_id_seq'), c.id, n.id, pgrelay.clock_now(), pgrelay.clock_now(), p_key, p_payload
    from pgrelay.channel c, pgrelay.node n
    where p_run_at is null and p_dedup_key is null and p_dedup_window is null and coalesce(p_priority, 0) = 0 and coalesce(octet_length(p_key), 1) between 1 and 200
      and c.name = p_channel and c.state <> 'disabled' and not c.debounced and n.is_this and coalesce(octet_length(p_payload), 0) <= c.max_payload
    returning id, (case when pg_sequence_last_value('pgrelay.armed'::regclass) > extract(epoch from pgrelay.clock_now()) * 1000
      and coalesce(current_setting('pgrelay.hint', true), '') <> 'off' then pg_notify('pgrelay', channel_id::text) end) is null
      and coalesce(current_setting('pgrelay.event', true), '') = '' into v_id, v_plain;
  if v_plain then
    return v_id;
  elsif v_id is not null then
    perform pgrelay.note_cause(array[v_id]);
    return v_id;
  end if;

  declare
    v_channel pgrelay.channel;
    v_now timestamptz := pgrelay.clock_now();
    v_waiting bigint;
  begin
    select c.* into v_channel from pgrelay.channel c where c.name = p_channel;
    if v_channel.state is distinct from 'active' then
      if v_channel.id is null then
        raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_channel),
          hint = 'Register it with pgrelay.register_channel(), or look for the name in the view pgrelay.channels.';
      elsif v_channel.state = 'disabled' then
        raise exception using errcode = 'PR002', message = format('channel %L is disabled', p_channel),
          hint = 'pgrelay.resume_channel() opens it again; a paused channel takes events, a disabled one does not.';
      end if;
    end if;
    if octet_length(p_payload) > v_channel.max_payload then
      raise exception using errcode = 'PR003',
        message = format('the payload has %s octets, channel %L takes at most %s', octet_length(p_payload), p_channel, v_channel.max_payload),
        hint = 'Store the data in a table and send its key, or register the channel with a larger p_max_payload.';
    end if;
    if not isfinite(p_run_at) then
      raise exception using errcode = 'PR004', message = format('p_run_at is %s', p_run_at), hint = 'Give a time that will come, or NULL for now.';
    end if;
    if p_priority not between -32768 and 32767 then
      raise exception using errcode = 'PR004', message = format('priority %s is not between -32768 and 32767', p_priority),
        hint = 'Lower numbers run first; 0 is the default.';
    end if;
    if octet_length(p_key) not between 1 and 200 then
      raise exception using errcode = 'PR004', message = format('the key has %s octets, not 1 to 200', octet_length(p_key)),
        hint = 'Give the id of what events of the channel take turns about, or NULL.';
    end if;
    if v_channel.debounced then
      return (pgrelay.put_marks(p_channel, v_channel.id, array[p_payload], array[p_priority], array[p_dedup_key], array[p_run_at], array[p_dedup_window], array[p_key]))[1];
    end if;
    if p_dedup_window is not null then
      perform pgrelay.check_window(p_dedup_key, p_dedup_window);
    end if;

    v_id := nextval('pgrelay.event_id_seq');
    if p_dedup_key is not null then
      v_waiting := pgrelay.take_key(v_channel.id, p_dedup_key, v_id, greatest(coalesce(p_run_at, v_now), v_now), v_now + p_dedup_window);
      if v_waiting <> v_id then
        return v_waiting;
      end if;
    end if;

    -- The channel is looked up again by the insert itself, whose snapshot is younger than its table lock: a channel
    -- dropped in between takes no event.
    if p_run_at > v_now then
      insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at, dedup_key, key, payload)
        select v_id, c.id, coalesce(p_priority, 0), n.id, v_now, p_run_at, p_dedup_key, p_key, p_payload
        from pgrelay.channel c, pgrelay.node n where c.id = v_channel.id and n.is_this;
      if (pgrelay.current_event()).channel = p_channel then
        perform pgrelay.note_recurrence_v1(p_channel);
      end if;
    else
      insert into pgrelay.queue (id, channel_id, priority, node, enqueued_at, run_at, dedup_key, key, payload)
        select v_id, c.id, coalesce(p_priority, 0), n.id, v_now, v_now, p_dedup_key, p_key, p_payload
        from pgrelay.channel c, pgrelay.node n where c.id = v_channel.id and n.is_this;
    end if;
    if not found then
      raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_channel),
        hint = 'It was dropped while this call ran.';
    end if;
    -- Every channel has the lane of priority 0; the first event of another one makes its lane known. After the event, whose lock
    -- on the table keeps drop_channel away.
    if p_priority <> 0 and not exists (select from pgrelay.lane l where l.channel_id = v_channel.id and l.priority = p_priority) then
      insert into pgrelay.lane (channel_id, priority) values (v_channel.id, p_priority);
    end if;
    perform pgrelay.note_cause(array[v_id], array[p_run_at]);
    -- The event first, the flag after: a Processor that arms after this insert took its lock sees the lock and waits for it.
    perform pgrelay.hint(case when p_run_at > v_now then '' else v_channel.id::text end);
    return v_id;
  end;
end $$;
