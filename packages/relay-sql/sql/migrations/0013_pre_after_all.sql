-- Events that wait for others to end: such an event is delayed until infinity, and here is what it still waits for.
create table pgrelay.awaited (
  waiter_id bigint not null,
  event_id bigint not null,
  primary key (waiter_id, event_id)
);

-- When somebody last looked whether they can run, ms since the epoch. A sequence: it writes no WAL, leaves no dead rows and is seen at once.
create unlogged sequence pgrelay.waiters_beat minvalue 0 start 0;
