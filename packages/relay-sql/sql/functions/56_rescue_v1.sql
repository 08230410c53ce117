-- Last step of a rescue: returns the events of Processors that are no longer alive in the epoch of their claim, with the
-- loss counted and logged. At the third loss an event is quarantined: it moves to failed, since it probably kills its
-- worker. But not when others were in the Processor's hands too, since any of them may have done it: those come back one by one, at
-- random within 10 s, and are quarantined when it happens alone, or at the fifth loss. Rows still locked by a dying backend are skipped; the next call finds them. They
-- are ready under their old places, so pgrelay.rescan is drawn, after the write: low-water marks may be above them.
-- Looks slot by slot at the epochs that have ended, never at those in which somebody works: there every settled event lies
-- dead as long as a snapshot is held. Returns how many came back.
create or replace function pgrelay.rescue_v1() returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_rows tid[] := array(
    select x.row from pgrelay.instance i
    cross join lateral (
      select q.ctid as row from pgrelay.queue q where q.slot = i.slot and q.epoch < i.epoch + (not i.alive)::integer
      for update of q skip locked) x);
  v_blamed tid[];
  v_blamed_ids bigint[];
begin
  perform pgrelay.accuse_runs();
  if cardinality(v_rows) = 0 then
    update pgrelay.instance i set buried = false
      where i.slot = any (array(select x.slot from pgrelay.instance x where x.buried for update skip locked))
        and not exists (select from pgrelay.queue q where q.slot = i.slot and q.epoch < i.epoch + (not i.alive)::integer);
    return 0;
  end if;
  insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome, code)
    select q.id, q.enqueued_at, q.claimed_at, v_now, q.attempt, q.slot, q.worker, q.node, c.name, 'lost', 'processor_lost'
    from pgrelay.queue q join pgrelay.channel c on c.id = q.channel_id where q.ctid = any (v_rows);
  v_blamed := array(select q.row from (
    select q.ctid as row, q.lost, count(*) over (partition by q.slot, q.epoch) as together from pgrelay.queue q where q.ctid = any (v_rows)) q
    where q.lost >= 4 or (q.lost >= 2 and q.together = 1));
  v_blamed_ids := array(select q.id from pgrelay.queue q where q.ctid = any (v_blamed));
  with d as (
    delete from pgrelay.queue q where q.ctid = any (v_blamed) returning q.*
  ), freed as (
    delete from pgrelay.dedup k where k.ctid = any (array(
      select y.row from d cross join lateral (
        select x.ctid as row from pgrelay.dedup x where x.channel_id = d.channel_id and x.key = d.dedup_key and x.event_id = d.id
          and coalesce(x.kept_until, '-infinity') <= v_now for update skip locked) y))
  )
  insert into pgrelay.failed (id, channel, reason, attempt, retried, lost, priority, node, enqueued_at, failed_at, code, message, dedup_key, key, payload)
    select d.id, c.name, 'quarantined', d.attempt, d.retried, d.lost + 1, d.priority, d.node, d.enqueued_at, v_now, 'quarantined',
      format('its Processor was lost %s times while it ran', d.lost + 1), d.dedup_key, d.key, d.payload
    from d join pgrelay.channel c on c.id = d.channel_id;
  if cardinality(v_blamed) > 0 then
    perform pgrelay.end_debounced(v_blamed_ids) where exists (select from pgrelay.debounce);
  end if;
  with d as (
    delete from pgrelay.queue q where q.ctid = any (v_rows) and q.slot is not null and q.lost >= 2 returning q.*
  )
  insert into pgrelay.delayed (id, channel_id, priority, node, enqueued_at, run_at, attempt, retried, lost, dedup_key, key, payload)
    select d.id, d.channel_id, d.priority, d.node, d.enqueued_at, v_now + random() * interval '10 seconds', d.attempt, d.retried, d.lost + 1, d.dedup_key, d.key, d.payload
    from d;
  update pgrelay.queue q set slot = null, epoch = null, worker = null, claimed_at = null, permit = null, lost = q.lost + 1
    where q.ctid = any (v_rows) and q.slot is not null;
  if found then
    perform nextval('pgrelay.rescan');
  end if;
  return cardinality(v_rows);
end $$;
