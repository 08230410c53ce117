-- Settings of a view beside its times. schedule: the name of a shared schedule, or a spec of its own. safety_refresh: the
-- longest a view goes without a refresh though nothing is seen to change; NULL: no limit. fire_on_replica: its watches
-- also see what logical replication writes. channel: a channel of the relay that gets an event after each refresh.
alter table pgauto_mv.mv
  add column schedule text,
  add column safety_refresh interval check (safety_refresh > interval '0'),
  add column fire_on_replica boolean not null default false,
  add column channel text;

-- What register_mv() and alter_mv() may set, as one value. NULL in an argument of alter_mv(): as it is.
create type pgauto_mv.mv_settings as (
  refresh_lag numeric, max_wait numeric, cooldown numeric, statement_timeout interval, lock_timeout interval, work_mem text,
  schedule text, safety_refresh interval, fire_on_replica boolean, channel text
);

-- Triggers that the registration could not put on, because the table was busy; a Processor does it. While a view has one
-- it is installing: its snap stays NULL. A table of its own, since nobody may write watch beside an open registration.
create table pgauto_mv.pending_trigger (
  watch_id bigint primary key references pgauto_mv.watch on delete cascade,
  since timestamptz not null default pgrelay.clock_now(),
  tried_at timestamptz,              -- by a Processor
  refused_code text,                 -- why it will never come to pass by itself: PM010 not allowed, PM006 takes none
  refused_role name                  -- to whom
);

-- Their parameters are others now.
drop function if exists pgauto_mv.register_mv(text, text, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval);
drop function if exists pgauto_mv.register_mv(regclass, numeric, numeric, numeric, interval, interval);
drop function if exists pgauto_mv.install_mv(oid, boolean, oid[], text[], numeric, numeric, numeric, interval, interval);
drop function if exists pgauto_mv.record_mv(oid, boolean, numeric, numeric, numeric, interval, interval);
