-- The events that an event came from, and those that came from it, at most 10,000: generation is 0 for itself, below 0 for those it came
-- from. state: ready, claimed, delayed, failed, or how its last attempt ended; NULL when the log has forgotten it. depth counts events in a
-- row that were sent at once. Known of events that actions and handlers sent, and that were sent under a trace. Without payloads.
create or replace function pgrelay.lineage(p_event_id bigint) returns table (
  event_id bigint, parent_id bigint, generation integer, channel text, state text, depth integer, xid xid8, application_name text,
  traceparent text, sent_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with recursive up as (
    select p_event_id as id, 0 as n
    union all
    select c.parent_id, u.n - 1 from up u join pgrelay.cause c on c.event_id = u.id where c.parent_id is not null and u.n > -10000
  ) cycle id set again using path,
  down as (
    select p_event_id as id, 0 as n
    union all
    select c.event_id, d.n + 1 from down d join pgrelay.cause c on c.parent_id = d.id where d.n < 10000
  ) cycle id set again using path,
  family as (
    (select u.id, u.n from up u where not u.again limit 10000) union (select d.id, d.n from down d where not d.again limit 10000)
  )
  select f.id, c.parent_id, f.n, coalesce(w.channel, l.channel), coalesce(w.stage, l.outcome), c.depth, c.xid, c.application_name, c.traceparent, c.at
  from family f left join pgrelay.cause c on c.event_id = f.id
  left join lateral (select e.channel, e.stage from pgrelay.explained_event e where e.id = f.id) w on true
  left join lateral (
    select x.channel, x.outcome from pgrelay.log x where x.event_id = f.id and w.stage is null order by x.finished_at desc, x.attempt desc limit 1) l on true
  order by f.n, f.id limit 10000
$$;
