-- Low-water marks: a claim of a lane (channel, priority) starts at a place below which nothing ready can be, so dead rows that
-- a held snapshot keeps are not walked again and again. The marks live in the memory of each Processor; here is what they need.

-- The lanes that have ever had an event, so that they are known without walking the queue. A row is written by the first event
-- of its lane, in the same transaction. No unique key, on purpose: producers that use a new priority at the same time would
-- wait for each other; each writes a row, readers take distinct ones, and find_lanes_v1 removes the surplus.
create table pgrelay.lane (
  channel_id integer not null,
  priority smallint not null
);
create index lane_channel on pgrelay.lane (channel_id, priority);
insert into pgrelay.lane (channel_id, priority)
  select c.id, 0 from pgrelay.channel c
  union select q.channel_id, q.priority from pgrelay.queue q
  union select d.channel_id, d.priority from pgrelay.delayed d;

-- Drawn by whoever makes an event ready again under its old place, after the write and before the commit: every Processor then
-- forgets its marks. A sequence is not MVCC: its newest value is seen at once, before that commit.
create sequence pgrelay.rescan;

-- Claims take marks from now on.
drop function if exists pgrelay.poll_v1(integer[], integer);
drop function if exists pgrelay.claim_v1(smallint, bigint, smallint, integer, integer);
drop function if exists pgrelay.run_batch_v1(smallint, bigint, smallint, integer, integer, boolean, integer, bigint);
drop function if exists pgrelay.peek_v1(integer, integer);
