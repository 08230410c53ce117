-- What was received at POST /channels/:name/events under which key, so that a repetition makes no second event. The payload is not
-- here: its digest tells a repetition from another request with the same key. Nobody but the owner reads this table.
create table pgrelay_http.receipt (
  channel text not null,
  key text not null check (octet_length(key) between 1 and 255),
  digest bytea not null,
  event_id bigint,                                          -- NULL only inside the transaction that makes the event
  received_at timestamptz not null default pgrelay.clock_now(),
  primary key (channel, key)
);
create index receipt_age on pgrelay_http.receipt using brin (received_at);
