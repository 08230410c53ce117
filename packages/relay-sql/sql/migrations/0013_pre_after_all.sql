-- Events that wait for others to end: such an event is delayed until infinity, and here is what it still waits for.
create table pgrelay.awaited (
  waiter_id bigint not null,
  event_id bigint not null,
  primary key (waiter_id, event_id)
);
