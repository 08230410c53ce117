-- The tables of the relay. An event lives in exactly one of queue (ready or claimed), delayed and failed; when it ends
-- well it leaves, and what happened to each of its attempts stays in log. Payloads are in queue, delayed and failed, and
-- nowhere else.

-- Which node wrote an event. The identity is the cluster's system identifier and the database's oid, so a promoted
-- standby is the same node and a restored dump is not.
create table pgrelay.node (
  id smallint generated always as identity primary key,
  system_identifier bigint not null,
  database_oid oid not null,
  is_this boolean not null default false,
  first_seen_at timestamptz not null default clock_timestamp(),
  unique (system_identifier, database_oid)
);
create unique index node_is_this on pgrelay.node (is_this) where is_this;

create table pgrelay.channel (
  id integer generated always as identity primary key,
  name text not null unique check (name <> '' and octet_length(name) <= 200),
  kind text not null check (kind in ('sql', 'handler')),
  mode text not null check (mode in ('transactional', 'leased')),
  state text not null default 'active' check (state in ('active', 'paused', 'disabled')),
  action_sql text,
  action_checked boolean not null default true,   -- false: p_check => false, the action is planned when it runs
  search_path text,                               -- of the session that registered the action
  frame text,                                     -- digest of the private function, to notice one that was altered
  parallel boolean not null default false,        -- several batches of a SQL action at once
  statement_timeout interval not null default interval '30 seconds',
  max_payload integer not null default 1048576,   -- octets
  registered_by name not null,
  registered_at timestamptz not null default clock_timestamp(),
  check ((kind = 'sql') = (action_sql is not null))
);

-- Held (FOR UPDATE SKIP LOCKED) by the batch of a SQL channel that runs; not the channel's own row, so that pausing a
-- channel never waits for an action.
create table pgrelay.channel_turn (
  channel_id integer primary key references pgrelay.channel on delete cascade
);

-- Retry policy is data. A row with channel_id NULL holds for every channel; a channel's own row wins, and the longer
-- match wins over the shorter.
create table pgrelay.retry_rule (
  id integer generated always as identity primary key,
  channel_id integer references pgrelay.channel on delete cascade,
  sqlstate text not null check (sqlstate ~ '^([0-9A-Z]{2}|[0-9A-Z]{5})$'),   -- a class or a code
  delays interval[] not null                                               -- one a retry; when used up, the event fails
);
create unique index retry_rule_match on pgrelay.retry_rule (coalesce(channel_id, 0), sqlstate);
insert into pgrelay.retry_rule (sqlstate, delays) values ('40', array['3 seconds', '5 seconds', '10 seconds']::interval[]);

create sequence pgrelay.event_id_seq;

-- Until when some Processor is idle and wants a hint, in ms since the epoch. A sequence is not MVCC: its newest value is
-- seen at once and at every isolation level, and an unlogged one costs no WAL and no transaction id.
create unlogged sequence pgrelay.armed minvalue 0 start 0;

-- The ready queue: ready (slot is null) and claimed events. place orders claims; it is drawn by the insert itself
-- (GENERATED ALWAYS, CACHE 1), after the insert's lock on the table, which is what makes low-water marks sound.
create table pgrelay.queue (
  id bigint primary key,
  place bigint generated always as identity (cache 1),
  epoch bigint,
  enqueued_at timestamptz not null,
  run_at timestamptz not null,
  claimed_at timestamptz,
  channel_id integer not null,
  attempt integer not null default 0,   -- starts so far
  retried integer not null default 0,   -- outcomes `retried` so far: what retry limits count
  lost integer not null default 0,      -- starts whose Processor was lost
  priority smallint not null default 0, -- lower runs first
  node smallint not null,
  slot smallint,
  worker smallint,
  dedup_key text,
  payload text
);
create index queue_ready on pgrelay.queue (channel_id, priority, place) where slot is null;
create index queue_claimed on pgrelay.queue (slot, epoch) where slot is not null;

create table pgrelay.delayed (
  id bigint primary key,
  enqueued_at timestamptz not null,
  run_at timestamptz not null,
  channel_id integer not null,
  attempt integer not null default 0,
  retried integer not null default 0,
  lost integer not null default 0,
  priority smallint not null default 0,
  node smallint not null,
  dedup_key text,
  payload text
);
create index delayed_due on pgrelay.delayed (run_at);
create index delayed_channel on pgrelay.delayed (channel_id);

-- At most one event per (channel, key) that has not started yet. The key is freed when the event starts.
create table pgrelay.dedup (
  channel_id integer not null,
  key text not null,
  event_id bigint not null,
  primary key (channel_id, key)
);

-- The dead letters, with their payload and the server's own words, which may quote data.
create table pgrelay.failed (
  id bigint primary key,
  channel text not null,
  reason text not null check (reason in ('failed', 'quarantined', 'channel_dropped')),
  attempt integer not null,
  retried integer not null,
  lost integer not null,
  priority smallint not null,
  node smallint not null,
  enqueued_at timestamptz not null,
  failed_at timestamptz not null,
  sqlstate text,
  code text not null,
  message text,
  detail text,
  hint text,
  context text,
  constraint_name text,
  table_name text,
  dedup_key text,
  payload text
);
create index failed_channel on pgrelay.failed (channel, failed_at);

-- One row per attempt that ended. Partitioned by day, dropped by partition; the default partition catches what no day
-- takes, so that a forgotten partition never loses an audit row.
create table pgrelay.log (
  event_id bigint not null,
  enqueued_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz not null,
  attempt integer not null,
  slot smallint,
  worker smallint,
  node smallint not null,
  channel text not null,
  outcome text not null check (outcome in ('done', 'retried', 'failed', 'cancelled', 'snoozed', 'lost')),
  sqlstate text,
  code text,
  constraint_name text,
  table_name text
) partition by range (finished_at);
create table pgrelay.log_default partition of pgrelay.log default;
create index log_event on pgrelay.log using brin (event_id);
create index log_finished on pgrelay.log using brin (finished_at);

-- A Processor: its slot, the epoch that fences every write of it, and its heartbeat.
create table pgrelay.instance (
  slot smallint primary key check (slot between 1 and 64),
  epoch bigint not null default 0,
  alive boolean not null default false,
  lease interval not null default interval '5 seconds',
  heartbeat_at timestamptz,
  started_at timestamptz,
  host text,
  pid integer,
  version text,
  workers smallint,
  handlers text[] not null default '{}'
) with (fillfactor = 50);
insert into pgrelay.instance (slot) select generate_series(1, 64);

-- The backends of each Processor, so that whoever finds it dead can end them: a dead host keeps its row locks for hours.
create table pgrelay.instance_backend (
  slot smallint not null references pgrelay.instance,
  epoch bigint not null,
  pid integer not null,
  backend_start timestamptz not null,
  purpose text not null,
  primary key (slot, epoch, pid)
);

-- What an action may know of its event, beside the payload.
create type pgrelay.event_context as (
  id bigint, channel text, attempt integer, priority smallint, enqueued_at timestamptz, dedup_key text
);

-- What the frame of a SQL action reports of one event.
create type pgrelay.action_result as (
  id bigint, started_at timestamptz, finished_at timestamptz, sqlstate text, message text, detail text, hint text,
  context text, constraint_name text, table_name text
);
