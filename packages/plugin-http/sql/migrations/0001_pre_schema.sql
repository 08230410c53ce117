-- The tables of plugin-http. An endpoint is a channel of kind http and where its events go; what became of an event is in
-- pgrelay.log, as for any other, and what became of each request in attempts.

-- The database whose events are delivered. A copy of it (a restored dump, CREATE DATABASE … TEMPLATE) has another identity
-- than the one in here, and delivers nothing until it is confirmed. Empty until a Processor with the plugin starts.
create table pgrelay_http.node (
  only_one boolean primary key default true check (only_one),
  system_identifier bigint not null,
  database_oid oid not null,
  confirmed_by name not null default session_user,
  confirmed_at timestamptz not null default pgrelay.clock_now()
);

-- Nobody but the owner reads this table: URLs and headers often hold a secret.
create table pgrelay_http.endpoint (
  channel_id integer primary key references pgrelay.channel on delete cascade,
  source text not null check (source in ('sql', 'code')),   -- register_endpoint(), or the options of http()
  url text,                                                 -- NULL with source code: the Processor has it
  origin text not null,
  method text not null,
  headers jsonb not null default '{}',
  body_template jsonb,
  headers_timeout interval not null,
  body_timeout interval not null,
  total_timeout interval not null,
  concurrency integer not null,
  retry_delays interval[] not null,
  alert_channel text,
  alert_after integer not null,
  pause_after integer not null,                             -- 0: never
  version bigint not null default 1,                        -- grows with each change
  registered_by name not null default session_user,
  registered_at timestamptz not null default pgrelay.clock_now(),
  check ((source = 'sql') = (url is not null))
);

-- What requests are signed with, the newest first; env:NAME stands for a variable in the Processor's environment. Nobody
-- but the owner reads this table; endpoints_v1() hands it to the role pgrelay_processor alone.
create table pgrelay_http.secret (
  channel_id integer not null references pgrelay_http.endpoint on delete cascade,
  place smallint not null,
  value text not null,
  primary key (channel_id, place)
);

-- How an endpoint does. A row exists once something was wrong.
create table pgrelay_http.health (
  channel_id integer primary key references pgrelay_http.endpoint on delete cascade,
  failing integer not null default 0,                       -- attempts that failed since the last that went well
  failing_since timestamptz,
  last_code text,
  alerted_at timestamptz,
  alert_problem text,                                       -- SQLSTATE of the last alert, when it was refused
  gone_at timestamptz,                                      -- it answered 410
  refused text                                              -- why a Processor does not serve it: a code
) with (fillfactor = 50);

-- One row a request, whatever came of it. No payload, no URL, no header and nothing that the other side said.
create table pgrelay_http.attempts (
  event_id bigint not null,
  request_id bigint not null,                               -- random; a row that is sent again is written once
  channel text not null,
  attempt integer not null,
  started_at timestamptz not null,
  status smallint,                                          -- NULL: there was no answer
  code text,                                                -- NULL: 2xx
  connect_ms double precision,                              -- until it began on a connection: waiting for one, resolving, connecting
  headers_ms double precision,                              -- … until the status and headers were here
  total_ms double precision not null,                       -- … until it was over
  request_bytes bigint not null,                            -- of the bodies
  response_bytes bigint not null,
  primary key (event_id, request_id)
);
create index attempts_started on pgrelay_http.attempts using brin (started_at);
