-- Into which event one was debounced in the end: that one may have been debounced itself, and so on. Follows a hundred of them. NULL when it was not.
create or replace function pgrelay.debounced_into(p_event_id bigint) returns bigint
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with recursive way as (
    (select l.into_event as id, l.finished_at, 1 as step from pgrelay.log l where l.event_id = p_event_id and l.into_event is not null limit 1)
    union all
    select n.into_event, n.finished_at, w.step + 1 from way w cross join lateral (
      select l.into_event, l.finished_at from pgrelay.log l
      where l.event_id = w.id and l.finished_at >= w.finished_at and l.into_event is not null limit 1) n
    where w.step < 100
  )
  select w.id from way w order by w.step desc limit 1
$$;
