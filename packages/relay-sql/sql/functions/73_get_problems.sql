-- What is wrong with the relay now, one row a finding: a stable code, the object, the evidence, and what to do about it.
-- Evidence is counts, names and times, never a payload or a server's message.
create or replace function pgrelay.get_problems() returns table (code text, object text, evidence text, remedy text)
language sql stable security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
  select 'failed_events', 'channel ' || f.channel,
    format('%s failed events, the last at %s, most often %s', count(*), max(f.failed_at), mode() within group (order by coalesce(f.sqlstate, f.code))),
    'Read sqlstate, code and message in pgrelay.failed, mend the cause, and let them run again with pgrelay.redrive_channel(), or delete them.'
  from pgrelay.failed f group by f.channel
  union all
  select 'recurrence_broken', 'channel ' || c.name, format('it sends the next event of the channel itself, one failed at %s, and none waits', max(f.failed_at)),
    'Mend the cause, then resume it with pgrelay.redrive_channel().'
  from pgrelay.channel c join pgrelay.failed f on f.channel = c.name
  where (exists (select from pgrelay.recurrence r where r.channel_id = c.id)                   -- it has done so, or its text says that it will
      or (c.action_sql ~* 'notify(_many)?\s*\(' and strpos(c.action_sql, quote_literal(c.name)) > 0))
    and not exists (select from pgrelay.queue q where q.channel_id = c.id) and not exists (select from pgrelay.delayed d where d.channel_id = c.id)
  group by c.name
  union all
  select 'no_processor', 'relay', format('%s events wait and no Processor is alive', e.n), 'Start one: npx pgrelay start.'
  from (select count(*) as n from (select from pgrelay.queue q where q.slot is null limit 10000) x) e
  where e.n > 0 and not exists (select from pgrelay.instance i where i.alive and i.heartbeat_at > pgrelay.clock_now() - i.lease)
  union all
  select 'no_handler', 'channel ' || c.name, 'events wait and no live Processor serves this handler channel',
    'Start a Processor that has a handler, or the plugin, for it, or drop the channel.'
  from pgrelay.channel c
  where c.kind = 'handler' and c.state = 'active' and exists (select from pgrelay.queue q where q.channel_id = c.id)
    and exists (select from pgrelay.instance i where i.alive)
    and not exists (select from pgrelay.instance i where i.alive and pgrelay.serves(i, c))
  union all
  select 'channel_' || c.state, 'channel ' || c.name, 'events wait', 'pgrelay.resume_channel() lets them run.'
  from pgrelay.channel c
  where c.state <> 'active'
    and (exists (select from pgrelay.queue q where q.channel_id = c.id) or exists (select from pgrelay.delayed d where d.channel_id = c.id))
  union all
  select 'breaker_open', 'channel ' || c.name,
    format('its target kept failing: open since %s, until %s, for the %s. time', b.opened_at, b.open_until, b.opened),
    'Events wait and no attempt is counted. Mend the target; the breaker closes by itself when an event goes well, pgrelay.close_breaker() closes it now.'
  from pgrelay.breaker b join pgrelay.channel c on c.id = b.channel_id where b.open_until is not null
  union all
  select 'cooldown_exceeds_max_wait', 'channel ' || c.name, format('cooldown %s, max_wait %s: the cooldown wins', b.cooldown, b.max_wait),
    format('select pgrelay.set_debounce(%L, %L, %L, %L); -- or p_max_wait 0: no maximum', c.name, b.lag, b.cooldown, b.cooldown)
  from pgrelay.debounce b join pgrelay.channel c on c.id = b.channel_id where b.max_wait > interval '0' and b.cooldown > b.max_wait
  union all
  select 'action_unchecked', 'channel ' || c.name, 'registered with p_check => false: its action has never been planned',
    'Register it again with p_check => true and p_replace => true once what it needs exists.'
  from pgrelay.channel c where not c.action_checked
  union all
  select 'action_missing', 'channel ' || c.name, 'its private function is missing or was altered', 'Register the channel again with p_replace => true.'
  from pgrelay.channel c
  where c.kind = 'sql' and c.frame is distinct from pgrelay.frame_digest(c.id)
  union all
  select 'lease_expired', format('slot %s', i.slot), format('the heartbeat of %s pid %s is older than its lease', i.host, i.pid),
    'A living Processor takes its events back by itself; if none lives, start one.'
  from pgrelay.instance i where i.alive and i.heartbeat_at < pgrelay.clock_now() - i.lease
  union all
  select 'processor_blocked', format('slot %s', i.slot), format('a handler has blocked the event loop of %s pid %s since %s', i.host, i.pid, i.blocked_since),
    'Nothing else runs in that process meanwhile, and after a minute it loses its events. Make the handler give way: await something, or use a worker thread.'
  from pgrelay.instance i where i.alive and i.blocked_since is not null
  union all
  select 'hint_unheard', format('slot %s', i.slot), format('hints do not reach %s pid %s; it finds events by polling', i.host, i.pid),
    'Its connections probably go through a transaction pooler: give the Processor a direct connection, or one by session, for wake-ups in milliseconds.'
  from pgrelay.instance i where i.alive and not i.hint_heard
  union all
  select 'unknown_node', format('node %s', e.node), format('%s events come from %s', e.n, case e.node when 0 then 'another node, by logical replication' else 'another cluster or database' end),
    format('They came with %s. Unless that node still works: select pgrelay.adopt_events(%s::smallint).',
      case e.node when 0 then 'a subscription, which should not have the queue' else 'a restore or an upgrade' end, e.node)
  from (select x.node, count(*) as n from (select q.node from pgrelay.queue q union all select d.node from pgrelay.delayed d) x
        where x.node is distinct from (select n.id from pgrelay.node n, pg_control_system() s, pg_database d     -- not is_this: a restored dump has that of
          where n.system_identifier = s.system_identifier and n.database_oid = d.oid and d.datname = current_database()) group by x.node) e   -- its origin
  union all
  select 'orphaned_events', format('channel id %s', e.channel_id), format('%s events of a channel that does not exist', e.n),
    'Register a channel and set their channel_id to it, or delete them.'
  from (select q.channel_id, count(*) as n from pgrelay.queue q
        where not exists (select from pgrelay.channel c where c.id = q.channel_id) group by q.channel_id) e
  union all
  select 'log_default_used', 'pgrelay.log_default', 'audit rows of days that had no partition of their own are in the default partition',
    'They go into the partitions of their days within the hour while a Processor or CALL pgrelay.run() works, and when they are older than the retention; nothing else need be done.'
  where exists (select from pgrelay.log_default)
  union all
  select r.code, r.object, r.evidence, r.remedy from pgrelay.replication_problems() r
$$;
