-- explain_event: an open transaction has its row locked: a batch that is running it, or somebody who sent an event under the same
-- dedup key and has not committed yet.
create or replace function pgrelay.reason_held(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'running', format('%s is running it in a batch of channel %s', pgrelay.name_backend(h.pid), p_event.channel),
    format('select pgrelay.cancel(%s);  -- only to stop it: its batch is undone, and the other events of it run again', p_event.id)
  from pgrelay.lock_holders(p_event.locked_by) h where p_event.stage = 'ready' and h.pid is not null and pgrelay.is_worker(h.pid)
  union all
  select 'held', format('%s holds it until its transaction ends, for it has sent the event, too, under its dedup key', pgrelay.name_backend(h.pid)),
    format('select pg_terminate_backend(%s);  -- or let it commit or roll back', h.pid)
  from pgrelay.lock_holders(p_event.locked_by) h where p_event.stage in ('ready', 'delayed') and h.pid is not null and not pgrelay.is_worker(h.pid)
  union all
  select 'held', format('the prepared transaction %s holds it, for it has sent the event, too, under its dedup key', h.prepared),
    format('commit prepared %L;', h.prepared)
  from pgrelay.lock_holders(p_event.locked_by) h where p_event.stage in ('ready', 'delayed') and h.pid is null
$$;
