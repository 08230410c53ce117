-- The ledger: what was enqueued, written in the transaction of the enqueue, and every effect that was made. The third part of
-- it is pgrelay.log itself.
create schema faults;

create table faults.event (
  id bigint primary key,
  channel text not null,
  -- transactional: one effect, of the attempt that is done. leased: an effect of the attempt that is done, perhaps others.
  -- once: an effect of some attempt, again only after a loss. none: its effect cannot be seen.
  kind text not null check (kind in ('transactional', 'leased', 'once', 'none')),
  expected text not null check (expected in ('done', 'failed', 'cancelled')),
  -- How many events it sends when it is done: exactly so many where that is transactional, else at least.
  children integer not null default 0,
  parent bigint
);
create index event_parent on faults.event (parent) where parent is not null;

create table faults.effect (
  event_id bigint not null,
  attempt integer not null,
  how text not null check (how in ('sql', 'tx', 'leased', 'once')),
  at timestamptz not null default clock_timestamp()
);
create index effect_event on faults.effect (event_id);

grant usage on schema faults to pgrelay;
grant insert on faults.effect to pgrelay;
grant select, insert on faults.event to pgrelay;
