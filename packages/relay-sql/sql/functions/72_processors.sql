-- The Processors that hold a slot, how long their last heartbeat is ago, since when their event loop has been blocked (NULL: it
-- is not), and whether hints reach them (NULL: not known yet).
create or replace view pgrelay.processors as
  select i.slot, i.epoch, i.host, i.pid, i.version, i.workers, i.handlers, i.started_at, i.heartbeat_at, i.lease,
    pgrelay.clock_now() - i.heartbeat_at as heartbeat_age, i.blocked_since, i.hint_heard
  from pgrelay.instance i where i.alive;
