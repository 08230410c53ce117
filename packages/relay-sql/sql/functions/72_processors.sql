-- The Processors that hold a slot, and how long their last heartbeat is ago.
create or replace view pgrelay.processors as
  select i.slot, i.epoch, i.host, i.pid, i.version, i.workers, i.handlers, i.started_at, i.heartbeat_at, i.lease,
    pgrelay.clock_now() - i.heartbeat_at as heartbeat_age
  from pgrelay.instance i where i.alive;
