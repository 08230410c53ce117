-- explain_event: another event of its channel has the one turn that there is: batches of a SQL channel run one at a time unless it is
-- parallel, events of a top-level channel always.
create or replace function pgrelay.reason_limited(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'limited', format('one batch of channel %s at a time: event %s and those with it are run by %s', p_event.channel, x.id, pgrelay.name_backend(h.pid)),
    format('select pg_cancel_backend(%s);  -- only to stop that batch, which is then undone; its events run again', h.pid)
  from pgrelay.channel_turn t cross join lateral pgrelay.lock_holders(t.xmax) h
  cross join lateral (
    select q.id from pgrelay.queue q
    where q.channel_id = t.channel_id and q.slot is null and q.id <> p_event.id and q.xmax = t.xmax order by q.priority, q.place limit 1) x
  where t.channel_id = p_event.channel_id and p_event.kind = 'sql' and not p_event.parallel and p_event.stage = 'ready' and h.pid is not null
    and t.xmax <> p_event.locked_by
  union all
  select 'limited', format('one event of channel %s at a time: event %s is held by slot %s worker %s since %s', p_event.channel, q.id, q.slot, q.worker, q.claimed_at),
    '-- It runs when that one has ended.'
  from pgrelay.queue q
  where q.channel_id = p_event.channel_id and p_event.kind = 'toplevel' and p_event.stage = 'ready' and q.slot is not null and q.id <> p_event.id
$$;
