-- Drops a channel. Events that wait or run are not lost: with p_force they move to pgrelay.failed with the reason
-- channel_dropped, without it the call is refused (PR007). The attempt of one that runs ends here, with its audit row: what its
-- worker sends later finds no event. Nobody else writes events meanwhile (lock_event_tables()).
create or replace function pgrelay.drop_channel(p_name text, p_force boolean default false) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id integer;
  v_events bigint;
begin
  perform pgrelay.lock_event_tables();
  select c.id into v_id from pgrelay.channel c where c.name = p_name;
  if not found then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_name),
      hint = 'The view pgrelay.channels lists what is registered.';
  end if;
  select (select count(*) from pgrelay.queue q where q.channel_id = v_id)
       + (select count(*) from pgrelay.delayed d where d.channel_id = v_id) into v_events;
  if v_events > 0 and not p_force then
    raise exception using errcode = 'PR007', message = format('channel %L still has %s events that wait or run', p_name, v_events),
      hint = 'Let them finish, or pass p_force => true: they then move to pgrelay.failed.';
  end if;
  with gone as (
    delete from pgrelay.queue q where q.channel_id = v_id
      returning q.id, q.attempt, q.retried, q.lost, q.priority, q.node, q.enqueued_at, q.dedup_key, q.key, q.payload, q.slot, q.worker, q.claimed_at
  ), gone_delayed as (
    delete from pgrelay.delayed d where d.channel_id = v_id
      returning d.id, d.attempt, d.retried, d.lost, d.priority, d.node, d.enqueued_at, d.dedup_key, d.key, d.payload, null::smallint, null::smallint, null::timestamptz
  ), logged as (
    insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome, code)
      select g.id, g.enqueued_at, g.claimed_at, pgrelay.clock_now(), g.attempt, g.slot, g.worker, g.node, p_name, 'failed', 'channel_dropped'
      from gone g where g.slot is not null
  )
  insert into pgrelay.failed (id, channel, reason, attempt, retried, lost, priority, node, enqueued_at, failed_at, code, message, dedup_key, key, payload)
    select g.id, p_name, 'channel_dropped', g.attempt, g.retried, g.lost, g.priority, g.node, g.enqueued_at, pgrelay.clock_now(),
      'channel_dropped', 'the channel was dropped while the event waited', g.dedup_key, g.key, g.payload
    from (select * from gone union all select * from gone_delayed) g;
  delete from pgrelay.dedup d where d.channel_id = v_id;
  delete from pgrelay.lane l where l.channel_id = v_id;
  perform pgrelay.drop_action(v_id);
  delete from pgrelay.channel c where c.id = v_id;
  perform pgrelay.announce_channels();
end $$;
