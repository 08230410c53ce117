-- Continuous verification: contents are compared with their query while nothing is unserved, on a budget.

-- The settings of the session that refreshed last, as far as they decide what a query gives (see session_settings). NULL:
-- refreshed by a version that did not note them.
alter table pgauto_mv.state add column settings jsonb;

-- How the verification of a view goes. No foreign key, as observation has none.
create table pgauto_mv.verification (
  mv_id bigint primary key,
  epoch bigint not null default 0,   -- one more with every claim; the fence of a verifier
  claimed_at timestamptz,
  claimed_until timestamptz,         -- NULL: nobody verifies it
  claimed_pid integer,
  claimed_backend_start timestamptz,
  tried_at timestamptz,              -- when the last try ended
  outcome text,                      -- what it found; see end_verify_v1
  reason text,
  sqlstate text,
  tries integer not null default 0,  -- in a row that told nothing
  next_at timestamptz,               -- not before
  verified_until timestamptz,        -- just before the snapshot under which contents and query were found equal last
  comparisons bigint not null default 0,
  duration interval                  -- of the last comparison
) with (fillfactor = 50);

-- The budget that verifiers share: whoever locks the row looks for a view, everybody else skips.
create table pgauto_mv.verifier (
  one boolean primary key default true check (one),
  next_at timestamptz not null default '-infinity',
  spent interval not null default '0'
) with (fillfactor = 50);
insert into pgauto_mv.verifier default values;

-- Views whose contents were not what their query gives though nothing was unserved. Numbers and names, no row's data. Stays
-- when the view is unregistered.
create table pgauto_mv.incident (
  id bigint generated always as identity primary key,
  mv_id bigint not null,
  view_name text not null,
  found_at timestamptz not null default pgrelay.clock_now(),
  as_of pg_snapshot not null,        -- under which they were compared
  contents_at timestamptz,           -- when the refresh ended that the contents were of
  view_rows bigint not null,
  rows_missing bigint not null,      -- the query gives them and the view has them not
  rows_surplus bigint not null,
  query_digest text not null,
  cause text not null,               -- suspected
  marked_at timestamptz,             -- when the view was made dirty for it
  repaired_at timestamptz,
  repaired_how text
);
create index incident_of_view on pgauto_mv.incident (mv_id, found_at);
create index incident_open on pgauto_mv.incident (id) where repaired_at is null;

alter table pgauto_mv.log drop constraint log_kind_check;
alter table pgauto_mv.log add constraint log_kind_check check (kind in ('firing', 'attempt', 'skip', 'repair', 'upkeep', 'verify'));

-- It has a parameter more now, with a default: Processors of before go on calling it without.
drop function if exists pgauto_mv.enter_refresh_v1(bigint, bigint, interval, interval, interval);
