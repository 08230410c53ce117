-- explain_event: it is debounced: what collapses with it so far, and when it will be let go, or the event before it that has not ended.
create or replace function pgrelay.reason_debounced(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'not_due',
    format('debounced with %s others: first at %s, last at %s, %s', x.marks - 1, x.first_at, x.last_at, case when x.running is not null
      then format('when event %s, which is before it, has ended', x.running) else format('due at %s', greatest(x.due, p_event.run_at)) end),
    format('select pgrelay.snooze(%s, interval ''0'');  -- lets it run now, by itself', p_event.id)
  from (
    select m.*, case when pgrelay.runs_debounced(p_event.channel_id, m.key) then k.running end as running,
      pgrelay.due_at(m.first_at, m.last_at, k.done_at, b.lag, b.max_wait, b.cooldown) as due
    from pgrelay.delayed d
    cross join lateral (
      select d.channel_id::text || coalesce('=' || d.dedup_key, '') as key, count(*) as marks, min(y.first_at) as first_at, max(coalesce(y.last_at, y.first_at)) as last_at
      from pgrelay.delayed y
      where y.first_at is not null and y.channel_id::text || coalesce('=' || y.dedup_key, '') = d.channel_id::text || coalesce('=' || d.dedup_key, '')) m
    left join pgrelay.debounce b on b.channel_id = d.channel_id
    left join pgrelay.debounce_key k on k.channel_id = d.channel_id and k.key = m.key
    where d.id = p_event.id and d.first_at is not null) x
  where p_event.stage = 'delayed' and (x.running is not null or greatest(x.due, p_event.run_at) > pgrelay.clock_now())
$$;
