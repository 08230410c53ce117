-- Where events came from. Only of those that an event's action or handler sent, or that were sent under a trace: it is written
-- beside the queue, so that all others cost nothing. Kept as long as the log.
create table pgrelay.cause (
  event_id bigint primary key,
  parent_id bigint,               -- the event whose action or handler sent this one
  depth integer not null,         -- how many events in a row were sent at once, each by the one before
  due timestamptz not null,       -- the time that was given for it, or when it was sent
  xid xid8 not null,              -- the transaction that sent it
  application_name text not null,
  traceparent text,
  at timestamptz not null
);
create index cause_parent on pgrelay.cause (parent_id) where parent_id is not null;
create index cause_at on pgrelay.cause using brin (at);
