-- One batch of purge() and erase(): removes up to p_limit events of one stage (ready, delayed or failed) whose id is above p_after and for
-- which all that is given holds, with their payloads, dedup keys and recorded effects. What waited gets an audit row (cancelled, with
-- p_code, for the attempt that would have been next); of what failed, the audit rows are there. One that runs, or that somebody is
-- claiming or holding just now, is left. Waits for nobody. next_after is where the next batch begins; NULL: this was the last one.
create or replace function pgrelay.remove_events(
  p_stage text, p_after bigint, p_limit integer, p_event_id bigint, p_channel text, p_key text, p_before timestamptz, p_code text,
  out removed bigint, out next_after bigint
)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_channel_id integer := (select c.id from pgrelay.channel c where c.name = p_channel);
  v_ids bigint[];
  v_channels integer[];
  v_keys text[];
begin
  if p_stage = 'failed' then
    with gone as (
      delete from pgrelay.failed f where f.ctid = any (array(
        select x.ctid from pgrelay.failed x
        where x.id > p_after and (p_event_id is null or x.id = p_event_id) and (p_channel is null or x.channel = p_channel)
          and (p_key is null or p_key in (x.dedup_key, x.key)) and (p_before is null or x.enqueued_at < p_before)
        order by x.id limit p_limit for update skip locked))
        returning f.id
    )
    select array_agg(g.id) into v_ids from gone g;
  else
    with ready as (
      delete from pgrelay.queue q where q.ctid = any (array(
        select x.ctid from pgrelay.queue x
        where p_stage = 'ready' and x.slot is null and x.id > p_after and (p_event_id is null or x.id = p_event_id)
          and (p_channel is null or x.channel_id = v_channel_id) and (p_key is null or p_key in (x.dedup_key, x.key)) and (p_before is null or x.enqueued_at < p_before)
        order by x.id limit p_limit for update skip locked))
        returning q.id, q.channel_id, q.enqueued_at, q.attempt, q.node, q.dedup_key
    ), later as (
      delete from pgrelay.delayed d where d.ctid = any (array(
        select x.ctid from pgrelay.delayed x
        where p_stage = 'delayed' and x.id > p_after and (p_event_id is null or x.id = p_event_id)
          and (p_channel is null or x.channel_id = v_channel_id) and (p_key is null or p_key in (x.dedup_key, x.key)) and (p_before is null or x.enqueued_at < p_before)
        order by x.id limit p_limit for update skip locked))
        returning d.id, d.channel_id, d.enqueued_at, d.attempt, d.node, d.dedup_key
    ), gone as (
      select * from ready union all select * from later
    ), logged as (
      insert into pgrelay.log (event_id, enqueued_at, finished_at, attempt, node, channel, outcome, code)
        select g.id, g.enqueued_at, pgrelay.clock_now(), g.attempt + 1, g.node, coalesce(c.name, 'channel id ' || g.channel_id), 'cancelled', p_code
        from gone g left join pgrelay.channel c on c.id = g.channel_id
    )
    select array_agg(g.id), array_agg(g.channel_id) filter (where g.dedup_key is not null), array_agg(g.dedup_key) filter (where g.dedup_key is not null)
      into v_ids, v_channels, v_keys from gone g;
    delete from pgrelay.dedup k where k.ctid = any (array(
      select y.row from unnest(v_channels, v_keys) u(channel_id, key) cross join lateral (
        select x.ctid as row from pgrelay.dedup x where x.channel_id = u.channel_id and x.key = u.key and x.event_id = any (v_ids) for update skip locked) y));
  end if;
  delete from pgrelay.effect e where e.event_id = any (v_ids);
  delete from pgrelay.progress p where p.event_id = any (v_ids);
  removed := coalesce(cardinality(v_ids), 0);
  next_after := case when removed = p_limit then (select max(i) from unnest(v_ids) i) end;
end $$;
