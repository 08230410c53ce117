-- The tables of auto-mv. Writers only ever insert into change; state is written by registration and by refreshes only;
-- observation by the planner only. So nobody waits for anybody: the planner reads a state row whose new version belongs
-- to a refresh that still runs, and a writer never meets either of them.

create type pgauto_mv.mv_watch_spec as (table_name text, events text);

-- A registered view. Its identity is the oid; the names are those it had when it was registered.
create table pgauto_mv.mv (
  id bigint generated always as identity primary key check (id < 1048576),   -- 20 bits: it travels in a wish (see wish)
  view oid not null unique,
  schema_name name not null,
  view_name name not null,
  derived boolean not null,                              -- the watches come from the query, not from the caller
  refresh_lag numeric not null default 0 check (refresh_lag >= 0),   -- seconds, as published
  max_wait numeric not null default 0 check (max_wait >= 0),         -- 0: no maximum
  cooldown numeric not null default 2 check (cooldown >= 0),
  statement_timeout interval check (statement_timeout >= interval '0'),   -- NULL: the Processor's default; 0: none
  lock_timeout interval check (lock_timeout >= interval '0'),
  work_mem text,
  paused_at timestamptz,
  registered_by name not null default session_user,
  registered_at timestamptz not null default pgrelay.clock_now()
);

-- What is watched: one operation of one relation, shared by every view that needs just that. REFRESH stands for the
-- refresh of a materialized view that another one reads; it has no trigger.
create table pgauto_mv.watch (
  id bigint generated always as identity primary key,
  relation oid not null,
  operation text not null check (operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFRESH')),
  schema_name name not null,
  relation_name name not null,
  unique (relation, operation)
);

create table pgauto_mv.view_watch (
  mv_id bigint not null references pgauto_mv.mv on delete cascade,
  watch_id bigint not null references pgauto_mv.watch,
  primary key (mv_id, watch_id)
);
create index view_watch_of_watch on pgauto_mv.view_watch (watch_id);

-- What a view reads and nothing can watch, with the reason, as found when it was registered.
create table pgauto_mv.unwatched (
  mv_id bigint not null references pgauto_mv.mv on delete cascade,
  object text not null,
  reason text not null,
  primary key (mv_id, object)
);

-- The change log: one row per watch and transaction that changed it. Insert-only for writers: no unique index, no
-- foreign key, no ON CONFLICT, so a writer has nothing to wait for; duplicates are dropped where rows are read.
-- at is the statement's time and serves display only; decisions use the time at which a change was seen committed.
create table pgauto_mv.change (
  watch_id bigint not null,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp()
);
create index change_watch_xid on pgauto_mv.change (watch_id, xid);

-- Which snapshot the contents of a view were computed under. The view is dirty exactly when a change row of one of its
-- watches is visible now and not in snap, or when snap is NULL: never refreshed, or something it depends on changed.
create table pgauto_mv.state (
  mv_id bigint primary key references pgauto_mv.mv on delete cascade,
  snap pg_snapshot,
  snaps pg_snapshot[],               -- snap and those of every materialized view it read; a NULL element: unknown
  epoch bigint not null default 0,   -- one more with every claim; the fence of a refresher
  claimed_at timestamptz,            -- start of the latest attempt, also of one that is over
  claimed_until timestamptz,         -- NULL: nobody refreshes it
  claimed_pid integer,
  claimed_backend_start timestamptz,
  done_epoch bigint,                 -- the claim that refreshed it last
  done_at timestamptz,
  done_duration interval,
  done_mode text,
  done_reason text,                  -- why it was not CONCURRENTLY
  refreshes bigint not null default 0,
  failures integer not null default 0,   -- in a row; 0 after a success
  failed_at timestamptz,
  failed_sqlstate text,
  failed_code text,
  transient boolean,                 -- the failure goes away by itself: retried; else it waits for the next change
  next_retry_at timestamptz
) with (fillfactor = 50);

-- What the planner has seen of a view, in its own time: first and last are the times at which changes that no refresh
-- has served were first and last seen committed; next_* the same for those seen since the running claim began, which
-- take the place of first and last when that refresh commits.
create table pgauto_mv.observation (
  mv_id bigint primary key,          -- no foreign key: the planner must not wait for an open unregister_mv()
  seen_snap pg_snapshot,
  first_seen timestamptz,
  last_seen timestamptz,
  next_first timestamptz,
  next_last timestamptz,
  claim_epoch bigint,                -- the claim next_* belong to
  done_epoch bigint,                 -- the refresh already accounted for
  dirtied_at timestamptz,
  due_at timestamptz,
  skip_reason text,
  requested_at timestamptz,
  requested_epoch bigint
) with (fillfactor = 50);

-- The planner's turn: whoever locks the row plans, everybody else skips.
create table pgauto_mv.planner (
  one boolean primary key default true check (one),
  failed_sqlstate text,
  failed_code text,
  failed_at timestamptz
);
insert into pgauto_mv.planner default values;

-- When the planner ran last, ms since the epoch. A sequence: it writes no WAL, leaves no dead rows and is read at once.
create unlogged sequence pgauto_mv.planner_beat minvalue 0 start 0;

-- Mailboxes of those who wait for a view (see wish): sequences, because the wish of a transaction that still waits must
-- be seen by others. Unlogged and lost in a crash, as the waiters are.
do $$
begin
  for v_box in 0 .. 63 loop
    execute format('create unlogged sequence pgauto_mv.%I minvalue 0 start 0', 'wish_' || v_box);
  end loop;
end $$;

-- Audit: firings (one a transaction and watch, written when the change row is collected), attempts, skips. Names and
-- codes only, never a row's data or a server's message.
create table pgauto_mv.log (
  id bigint generated always as identity primary key,
  at timestamptz not null default pgrelay.clock_now(),
  kind text not null check (kind in ('firing', 'attempt', 'skip', 'repair')),
  mv_id bigint,
  view_name text,
  watch_id bigint,
  relation text,
  operation text,
  xid xid8,
  source text,         -- of an attempt or a skip: first, trigger, max_wait, chain, wait, now, retry
  outcome text,        -- of an attempt: done, failed, released
  reason text,         -- of a skip; of a refresh that was not CONCURRENTLY; of a release
  mode text check (mode in ('concurrently', 'plain')),
  epoch bigint,
  duration interval,
  sqlstate text,
  code text
);
create index log_firing_at on pgauto_mv.log (at) where kind = 'firing';
create index log_other_at on pgauto_mv.log (at) where kind <> 'firing';
create index log_mv on pgauto_mv.log (mv_id, id) where kind <> 'firing';

-- The server's words about the failure of a view, which may hold its data: for pgrelay_admin only. Gone when it succeeds.
create table pgauto_mv.failure (
  mv_id bigint primary key references pgauto_mv.mv on delete cascade,
  at timestamptz not null,
  sqlstate text,
  message text,
  detail text,
  hint text
);
