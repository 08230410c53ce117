-- Puts events of a debounced channel into the caller's transaction: marks, which whoever looks collapses (collapse_marks). For notify() and
-- notify_many(), which have checked the rest. Only inserts: a writer waits for no other, and none for it. Returns their ids, in the order of
-- the payloads. PR004 when a time or a window is given: the channel says when. PR001 when the channel was dropped meanwhile: it is looked up
-- again by the insert, as in notify().
create or replace function pgrelay.put_marks(
  p_channel text, p_channel_id integer, p_payloads text[], p_priority integer[], p_dedup_key text[], p_run_at timestamptz[], p_window interval[],
  p_key text[]
) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_ids bigint[];
  v_due timestamptz[];
begin
  if exists (select from unnest(p_run_at) t where t > v_now) or exists (select from unnest(p_window) w where w is not null) then
    raise exception using errcode = 'PR004', message = format('a time or a dedup window is given, and channel %L is debounced', p_channel),
      hint = 'Its debounce says when its events run: leave out p_run_at (runAt, delayMs) and p_dedup_window, or send to another channel.';
  end if;
  with new as (
    insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at, first_at, dedup_key, key, payload)
      select nextval('pgrelay.event_id_seq'), c.id, coalesce(x.priority, 0), n.id, v_now,
        v_now + coalesce(least(b.lag, case when b.max_wait > interval '0' then b.max_wait end), interval '0'), v_now, x.dedup_key, x.key, x.payload
      from unnest(p_payloads, p_priority, p_dedup_key, p_key) with ordinality x(payload, priority, dedup_key, key, n)
      cross join pgrelay.channel c cross join pgrelay.node n left join pgrelay.debounce b on b.channel_id = c.id
      where c.id = p_channel_id and n.is_this order by x.n
      returning id, run_at
  )
  select array_agg(new.id order by new.id), array_agg(case when new.run_at > v_now then new.run_at end order by new.id) into v_ids, v_due from new;
  if v_ids is null then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_channel),
      hint = 'It was dropped while this call ran.';
  end if;
  insert into pgrelay.lane (channel_id, priority)             -- after the events, as in notify()
    select distinct p_channel_id, p.priority from unnest(p_priority) p(priority)
    where p.priority <> 0 and not exists (select from pgrelay.lane l where l.channel_id = p_channel_id and l.priority = p.priority);
  if (pgrelay.current_event()).channel = p_channel then
    perform pgrelay.note_recurrence_v1(p_channel);
  end if;
  perform pgrelay.note_cause(v_ids, v_due);
  perform pgrelay.hint('');
  return v_ids;
end $$;
