-- Schedules, the safety refresh, and what the log says of attempts and firings.
alter table pgauto_mv.mv
  add column if not exists schedule text,            -- the name of a shared schedule, or a spec; NULL: none
  add column if not exists safety_refresh interval,  -- the contents are to be no older than this, whatever was noticed
  add column if not exists channel text;             -- a relay channel that gets an event after each refresh

-- Schedules that views share, by name; see pgrelay.parse_schedule for what a spec can be.
create table pgauto_mv.schedule (
  name text primary key check (name <> '' and octet_length(name) <= 195),
  spec text not null,
  zone text not null,
  set_by name not null default session_user,
  set_at timestamptz not null default pgrelay.clock_now()
);

alter table pgauto_mv.observation
  add column fire_spec text,             -- what fire_at was calculated from
  add column fire_zone text,
  add column fire_at timestamptz,        -- the next time of the schedule; NULL: none, or it never fires
  add column fired_at timestamptz;       -- a time that has come, until a refresh that began since is done

-- Why the event after the last refresh could not be sent; NULL when it was, or none was asked for.
alter table pgauto_mv.state add column event_sqlstate text;

-- Who made a change: the role that SET ROLE chose, else the login. In two steps, so that rows which are there already are
-- not said to be ours.
alter table pgauto_mv.change add column role text, add column application_name text;
alter table pgauto_mv.change
  alter column role set default coalesce(nullif(current_setting('role', true), 'none'), session_user::text),
  alter column application_name set default current_setting('application_name', true);

alter table pgauto_mv.log
  add column role text,                  -- of a firing: as in change
  add column application_name text,
  add column lag interval,               -- of an attempt that is done: since the first change it served was seen committed
  add column rows_inserted bigint,       -- of a refresh CONCURRENTLY: how many rows it wrote and took away; a changed row is
  add column rows_deleted bigint;        -- both. NULL for a plain one, which writes all of them anew, and with track_counts off

comment on table pgauto_mv.log is
  'Firings, attempts, skips and repairs. A firing is one transaction that changed one watch (a table and an operation on it), '
  'however many statements it took and rows it touched; its row is written when every view of the watch has served the change. '
  'An attempt is a refresh that ended: source says why it was made (first, trigger, max_wait, chain, schedule, safety, wait, now, '
  'retry), duration how long it took from the claim, lag how long the first change it served had been seen by then.';
comment on table pgauto_mv.change is
  'Changes that a view has yet to serve: one row per watch and transaction, not per statement. role and application_name are '
  'those of the first statement.';
