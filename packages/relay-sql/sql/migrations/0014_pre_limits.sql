-- Limits of channels: how many events run at once, in all and by key, in which order, and how many start in a period.

-- Whose turn an event is in a channel that is limited by key. Compared octet by octet, as the index orders it.
alter table pgrelay.queue add column key text collate "C", add column permit bigint;
alter table pgrelay.delayed add column key text collate "C";
alter table pgrelay.failed add column key text collate "C";
alter type pgrelay.event_context add attribute key text;

-- A claimed event of a limited channel holds a permit: it is the number of its claim, and gone with the row's slot. Nothing counts
-- permits up and down, so none can leak. Events of other channels, and those without a key, are in none of these indexes.
create index queue_permit on pgrelay.queue (channel_id, permit) where permit is not null;
create index queue_key on pgrelay.queue (channel_id, key, id) where slot is null and key is not null;
-- Events that have started and wait for their next attempt: the later ones of their key wait for them (fifo). Not by channel first:
-- the index of all that is delayed in a channel would then do as well for the planner.
create index delayed_key on pgrelay.delayed (key, id) where key is not null and attempt > 0;

-- The number of the next permit. A sequence: claims of one channel take theirs under the lock of its row in limit_state, so they ascend.
create sequence pgrelay.permit_seq;

create table pgrelay.channel_limit (
  channel_id integer primary key references pgrelay.channel on delete cascade,
  concurrency integer check (concurrency between 1 and 1000000),           -- events that run at once
  key_concurrency integer check (key_concurrency between 1 and 1000000),   -- of one key
  fifo boolean not null default false,                                     -- of one key one after the other, in the order of their ids
  fair boolean not null default false,                                     -- keys take turns
  rate integer check (rate between 1 and 1000000),                         -- starts …
  rate_period interval,                                                    -- … in any period of this length
  declared boolean not null default false,                                 -- by a handler's definition, not by set_limits()
  check (num_nonnulls(concurrency, key_concurrency, rate) > 0 or fifo or fair),
  check (num_nonnulls(rate, rate_period) in (0, 2)),
  check (not fifo or key_concurrency = 1)
);

-- Where the claims of a limited channel are: whoever claims locks this row, for as long as the claim takes. Apart from the settings, which
-- an operator changes without waiting for a batch of a SQL channel that holds this one.
create table pgrelay.limit_state (
  channel_id integer primary key references pgrelay.channel on delete cascade,
  after_key text collate "C" not null default '',   -- the next turn is that of the key after this one
  after_place bigint not null default 0,            -- where to look on for events without a key
  low_permit bigint not null default 0,             -- no live permit is below it
  started_at timestamptz[] not null default '{}',   -- starts of the last period, gathered in a hundred parts of it: the latest of each …
  started integer[] not null default '{}'           -- … and how many
) with (fillfactor = 50);

-- Turns of a SQL channel that is parallel and has a limit: its batches hold one each (FOR UPDATE SKIP LOCKED).
create table pgrelay.limit_turn (
  channel_id integer not null references pgrelay.channel on delete cascade,
  turn integer not null,
  primary key (channel_id, turn)
);

-- Whether the channel has limits, so that the others cost nothing to look at.
alter table pgrelay.channel add column limited boolean not null default false;

-- They have more parameters or columns now; the functions that come next are new ones.
drop function if exists pgrelay.claim_v1(smallint, bigint, smallint, integer, integer, smallint[], bigint[]);
drop function if exists pgrelay.claim_toplevel_v1(smallint, bigint, smallint, integer);
drop function if exists pgrelay.reclaim_v1(smallint, bigint);
drop function if exists pgrelay.ready_channels(integer[], integer[], smallint[], bigint[]);

-- What producers call is never dropped: a statement that calls it several times may have begun, and a view or function may depend on it.
-- It gets another name, and does what it did (20_notify_without_key.sql, 21_notify_many_without_key.sql).
do $$
begin
  if to_regprocedure('pgrelay.notify(text, text, timestamptz, integer, text)') is not null then
    alter function pgrelay.notify(text, text, timestamptz, integer, text) rename to notify_without_key;
    alter function pgrelay.notify_many(text, text[], timestamptz[], integer[], text[]) rename to notify_many_without_key;
  end if;
end $$;
