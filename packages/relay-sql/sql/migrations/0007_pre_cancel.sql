-- Events that run and that somebody wants stopped. The Processor that runs one is told by NOTIFY, and looks here while it works;
-- a row whose event has ended is removed by the next cancellation.
create table pgrelay.cancellation (
  event_id bigint primary key,
  asked_at timestamptz not null,
  asked_by name not null
);
