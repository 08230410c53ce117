-- Retry rules that match more than a SQLSTATE, and circuit breakers.

-- A rule has sqlstate (a class or a code) or selector: code:X (our code of the failure, or the code of a JavaScript error),
-- error:X (its name or class), http:429, http:5xx, or any. match is whichever it has, as set_retry() takes it.
-- A rule has delays, one a retry, or an exponential backoff: initial * factor ^ (retries so far), at most max_delay.
alter table pgrelay.retry_rule alter column sqlstate drop not null;
alter table pgrelay.retry_rule alter column delays drop not null;
alter table pgrelay.retry_rule
  add column selector text check (selector ~ '^(any|(code|error):[^[:cntrl:]]{1,100}|http:[1-5]([0-9]{2}|xx))$'),
  add column match text generated always as (coalesce(selector, 'sqlstate:' || sqlstate)) stored,
  add column initial interval,
  add column factor double precision check (factor between 1 and 100),
  add column max_delay interval,
  add column retry_limit integer check (retry_limit between 0 and 10000),   -- NULL: as many as there are delays
  add column jitter text not null default 'none' check (jitter in ('none', 'full')),
  add column retry_after boolean not null default true,                     -- wait as long as the other side asks, if that is longer
  add constraint retry_rule_one_match check (num_nonnulls(sqlstate, selector) = 1),
  add constraint retry_rule_one_backoff check (case when delays is null then num_nonnulls(initial, factor, max_delay, retry_limit) = 4
    else num_nonnulls(initial, factor, max_delay) = 0 end);
drop index pgrelay.retry_rule_match;
create unique index retry_rule_match on pgrelay.retry_rule (coalesce(channel_id, 0), match);
drop function if exists pgrelay.decide_v1(integer, text, integer);

-- The circuit breaker of a channel: its settings, and its state. Not in the channel's row, which a registration locks for as
-- long as its transaction is open: the end of an attempt must not wait for that.
create table pgrelay.breaker (
  channel_id integer primary key references pgrelay.channel on delete cascade,
  failures integer check (failures between 1 and 1000000),             -- opens after so many in a row
  share double precision check (share > 0 and share <= 1),             -- or when this share of the attempts of a period failed
  period interval,
  least integer check (least between 1 and 1000000),                   -- attempts in the period, before the share counts
  pause interval not null,                                             -- doubles each time it opens again, up to max_pause
  max_pause interval not null,
  declared boolean not null default false,                             -- by a handler's definition, not by set_breaker()
  in_a_row integer not null default 0,
  period_from timestamptz,
  attempts integer not null default 0,
  bad integer not null default 0,
  opened integer not null default 0,                                   -- how often since it was closed last
  opened_at timestamptz,
  open_until timestamptz,                                              -- NULL: closed; past: half open
  probe bigint,                                                        -- the event that was let through while half open
  check (num_nonnulls(share, period, least) in (0, 3) and num_nonnulls(failures, share) > 0)
) with (fillfactor = 50);

-- Whether the channel has a breaker, so that the others cost nothing to look at.
alter table pgrelay.channel add column breaker boolean not null default false;

-- What a call of run() is at, committed before it begins: when its backend ends in the middle, it is known what was running.
alter table pgrelay.instance add column running_channel integer, add column running_event bigint;

-- SQL channels of which a call of run() was lost in the middle of a batch: so many events of them run one by one.
create table pgrelay.run_suspect (
  channel_id integer primary key references pgrelay.channel on delete cascade,
  events integer not null
);

-- Channels whose action or handler has sent itself an event for later: when one fails for good and none waits, the recurrence has ended.
create table pgrelay.recurrence (
  channel_id integer primary key references pgrelay.channel on delete cascade
);
