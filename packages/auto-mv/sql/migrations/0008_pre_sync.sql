-- What the reconciliation with the catalog keeps, and what findings about indexes and readers need.
alter table pgauto_mv.mv add column gone_at timestamptz;           -- when sync_mv() first missed the view

alter table pgauto_mv.state
  add column unique_index text,        -- the definition of the index by which it was refreshed CONCURRENTLY last
  add column scans bigint,             -- how often the view had been scanned when the last refresh ended, that one included
  add column read_at timestamptz;      -- when a refresh ended and somebody had read the view since the one before

-- When sync_mv() runs by itself, in the relay. spec NULL: not at all.
create table pgauto_mv.sync (
  one boolean primary key default true check (one),
  spec text,
  zone text not null default 'UTC',
  event_id bigint,                     -- the event that is to run it next: any other has been overtaken
  ran_at timestamptz,
  failed_sqlstate text
);

-- It has a parameter now.
drop function if exists pgauto_mv.plan_v1();
