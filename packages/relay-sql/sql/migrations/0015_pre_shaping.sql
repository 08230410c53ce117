-- Debounced channels, dedup keys that are kept for a while, and events that expire.

-- How the events of a channel are debounced; see set_debounce(). Its row is locked by whoever collapses them, so that one does at a time.
create table pgrelay.debounce (
  channel_id integer primary key references pgrelay.channel on delete cascade,
  lag interval not null,
  max_wait interval not null,              -- 0: no maximum
  cooldown interval not null,
  declared boolean not null default false  -- by a handler's definition, not by set_debounce()
);

-- The keys of debounced channels of which an event runs or waits to run, or has ended not long ago. key: the id of the channel, then '=' and the
-- dedup key, or nothing for the events without one.
create table pgrelay.debounce_key (
  channel_id integer not null references pgrelay.channel on delete cascade,
  key text not null,
  running bigint,                          -- the event that was let go and has not ended yet
  done_at timestamptz,                     -- when the last one ended
  primary key (channel_id, key)
);
create index debounce_key_running on pgrelay.debounce_key (running) where running is not null;

-- When somebody last looked at debounced events, ms since the epoch, and when for those whose way to run is not told by a time. Sequences: they
-- write no WAL, leave no dead rows and are seen at once.
create unlogged sequence pgrelay.debounce_look minvalue 0 start 0;
create unlogged sequence pgrelay.debounce_beat minvalue 0 start 0;

-- Whether the channel is debounced, so that the others cost nothing; and how long after it was due an event may still start.
alter table pgrelay.channel
  add column debounced boolean not null default false,
  add column expire_after interval check (expire_after > interval '0');
create index channel_expiring on pgrelay.channel (id) where expire_after is not null;
create unlogged sequence pgrelay.expiry_beat minvalue 0 start 0;

-- A mark: an event of a debounced channel that has not been let go. first_at and last_at are the times of the first and the last of those that
-- have collapsed into it, last_at is NULL until somebody has looked at it. run_at is the earliest time at which it can be let go, infinity
-- while the one before it runs.
alter table pgrelay.delayed add column first_at timestamptz, add column last_at timestamptz;
create index delayed_marks_due on pgrelay.delayed (run_at) where first_at is not null;
create index delayed_marks on pgrelay.delayed ((channel_id::text || coalesce('=' || dedup_key, ''))) where first_at is not null;

-- Into which event one was debounced; NULL for all others.
alter table pgrelay.log add column into_event bigint;

-- Until when a key is kept although its event has started; NULL: until it starts.
alter table pgrelay.dedup add column kept_until timestamptz;
