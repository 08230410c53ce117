-- Collapses the events of debounced channels (marks, see put_marks) of which one is due: those of a key become the newest, the others are
-- cancelled with the code debounced. It is let go when all of them together are due (due_at), and is an ordinary event then; else it waits on:
-- until that time, or while the one before it has not ended. promote_v1 calls it, before it moves what is due.
-- A mark counts as of the time of its call. One that nobody has looked at, and that was due when somebody last looked, was not to be seen then: its
-- transaction was longer than the lag. It counts as of now, or the events of long transactions would never collapse. (So does one
-- whose collapse was undone with the process that did it.)
-- Nothing is lost: exactly what was seen and locked is taken away. One at a time a channel, by the lock on its settings, so that no other looks at a
-- part of a key; who does not get it leaves the channel to the other. Waits for nobody. coalesce keeps the indexes of ids and channels out of the
-- plan, which would be walked through all that is delayed.
-- Returns whether there is more to do now: at most 100 keys, and 5000 marks a key, are done at a time.
create or replace function pgrelay.collapse_marks(p_now timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_nestloop = off
as $$
declare
  v_looked timestamptz := (select to_timestamp(s.last_value / 1000.0) from pgrelay.debounce_look s);
  v_due integer[];
  v_ours integer[];
  v_rows tid[];
  v_keys integer;
  v_taken tid[];
  v_taken_ids bigint[];
  v_into bigint[];
  v_more boolean;
  v_node smallint := (select n.id from pgrelay.node n where n.is_this);       -- those of another node are for that one
begin
  perform pgrelay.unblock_marks(p_now);
  select array_agg(distinct x.channel_id) into v_due from (
    select d.channel_id from pgrelay.delayed d where d.first_at is not null and d.run_at <= p_now and d.node = v_node order by d.run_at limit 5000) x;
  if v_due is null then
    perform setval('pgrelay.debounce_look', floor(extract(epoch from p_now) * 1000)::bigint);
    return false;
  end if;
  -- Before the lock on the settings: drop_channel() cannot get its locks meanwhile, so it never waits for that one while this waits for those.
  lock table pgrelay.delayed in row exclusive mode;
  -- A channel that is debounced no more has no settings to lock; its marks are let go.
  v_ours := array(select b.channel_id from pgrelay.debounce b where b.channel_id = any (v_due) order by b.channel_id for update skip locked)
    || array(select c from unnest(v_due) c where not exists (select from pgrelay.debounce b where b.channel_id = c));

  with k as materialized (
    select distinct x.channel_id, x.key from (
      select d.channel_id, d.channel_id::text || coalesce('=' || d.dedup_key, '') as key from pgrelay.delayed d
      where d.first_at is not null and d.run_at <= p_now and coalesce(d.channel_id, 0) = any (v_ours) and d.node = v_node order by d.run_at limit 5000) x
    limit 100
  )
  select array_agg(m.row), (select count(*) from k) into v_rows, v_keys from k cross join lateral (
    select d.ctid as row from pgrelay.delayed d
    where d.first_at is not null and d.channel_id::text || coalesce('=' || d.dedup_key, '') = k.key and d.node = v_node limit 5000 for update skip locked) m;

  if v_rows is null then
    return false;
  end if;
  select array_agg(x.row) filter (where x.id < x.newest), array_agg(x.id) filter (where x.id < x.newest), array_agg(x.newest) filter (where x.id < x.newest)
    into v_taken, v_taken_ids, v_into from (
      select d.ctid as row, d.id, max(d.id) over (partition by coalesce(d.channel_id, 0), d.dedup_key) as newest from pgrelay.delayed d where d.ctid = any (v_rows)) x;

  with k as materialized (
    select coalesce(d.channel_id, 0) as channel_id, d.channel_id::text || coalesce('=' || d.dedup_key, '') as key, max(d.id) as newest, count(*) = 5000 as cut,
      min(case when d.last_at is null and d.run_at <= v_looked then p_now else d.first_at end) as first_at,
      max(case when d.last_at is not null then d.last_at when d.run_at <= v_looked then p_now else d.first_at end) as last_at
    from pgrelay.delayed d where d.ctid = any (v_rows) group by 1, 2
  ), s as materialized (
    select k.*, case when k.cut then p_now when pgrelay.runs_debounced(k.channel_id, k.key) then 'infinity'
      else (select pgrelay.due_at(k.first_at, k.last_at, (select y.done_at from pgrelay.debounce_key y where y.channel_id = k.channel_id and y.key = k.key),
        b.lag, b.max_wait, b.cooldown) from pgrelay.debounce b where b.channel_id = k.channel_id) end as due
    from k
  ), kept as (
    update pgrelay.delayed d set run_at = greatest(s.due, p_now),
        first_at = case when s.due > p_now or s.cut then s.first_at end, last_at = case when s.due > p_now or s.cut then s.last_at end
      from s where d.ctid = any (v_rows) and coalesce(d.id, 0) = s.newest
      returning d.id, s.channel_id, s.key, d.first_at is null as gone
  ), noted as (
    insert into pgrelay.debounce_key (channel_id, key, running)
      select x.channel_id, x.key, x.id from kept x where x.gone and exists (select from pgrelay.debounce b where b.channel_id = x.channel_id)
      on conflict (channel_id, key) do update set running = excluded.running
  )
  select v_keys = 100 or bool_or(s.cut) into v_more from s;

  with gone as (
    delete from pgrelay.delayed d where d.ctid = any (v_taken) returning d.id, d.channel_id, d.enqueued_at, d.attempt, d.node
  )
  insert into pgrelay.log (event_id, enqueued_at, finished_at, attempt, node, channel, outcome, code, into_event)
    select g.id, g.enqueued_at, pgrelay.clock_now(), g.attempt + 1, g.node, coalesce(c.name, 'channel id ' || g.channel_id), 'cancelled', 'debounced', i.into_event
    from gone g join unnest(v_taken_ids, v_into) i(id, into_event) on i.id = g.id left join pgrelay.channel c on c.id = g.channel_id;

  if v_ours @> v_due and not v_more then              -- else what is left would pass for one that was not to be seen
    perform setval('pgrelay.debounce_look', floor(extract(epoch from p_now) * 1000)::bigint);
  end if;
  return v_more;
end $$;
