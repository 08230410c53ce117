-- Jobs on cron texts and at one time, in a time zone of their own, with policies for what was missed and for what overlaps, and
-- with a report when a run does not happen. Jobs made in SQL keep their rhythm: it now counts from starts_at.
-- Those of code have no starts_at, as their code says.

drop view if exists pgrelay_cron.jobs;
drop view if exists pgrelay_cron.runs;
drop function if exists pgrelay_cron.parse_spec(text);
drop function if exists pgrelay_cron.next_fire(timestamptz, interval, timestamptz);
drop function if exists pgrelay_cron.record_job(text, text, text, text, text);
drop function if exists pgrelay_cron.schedule(text, text, text);

alter table pgrelay_cron.job
  add column kind text not null default 'event' check (kind in ('command', 'event')),
  add column state text not null default 'active' check (state in ('active', 'paused', 'unscheduled')),  -- unscheduled: in code still
  add column timezone text not null default 'UTC',
  add column missed text not null default 'latest' check (missed in ('skip', 'latest', 'all')),
  add column overlap text not null default 'queue' check (overlap in ('allow', 'skip', 'queue')),
  add column jitter interval not null default '0',
  add column grace interval not null default '10 seconds',    -- later than this is missed
  add column starts_at timestamptz,
  add column ends_at timestamptz,
  add column alert_channel text,                              -- gets an event for each run that should have been and was not
  add column deadline interval,                               -- after its time a run has to be done; with an alert_channel
  add column next_planned_at timestamptz,                     -- the time of the schedule; next_fire_at has the jitter in it
  add column held boolean not null default false,             -- waits for the run before to end
  add column skipped bigint not null default 0,               -- occurrences that were left out because the one before still ran
  add column app text,                                        -- whose code declares it
  add column altered text[] not null default '{}';            -- settings of a job of code that an operator changed: code leaves them alone

update pgrelay_cron.job set kind = case source when 'sql' then 'command' else 'event' end, next_planned_at = next_fire_at,
  starts_at = case source when 'sql' then next_fire_at end, app = case source when 'code' then 'default' end;
alter table pgrelay_cron.job drop column every, alter column next_fire_at drop not null;
drop index pgrelay_cron.job_due;
create index job_due on pgrelay_cron.job (next_fire_at) where state = 'active';

alter table pgrelay_cron.fire
  add column manual boolean not null default false,           -- by run_now()
  add column due_by timestamptz;                              -- NULL: nobody wants to know, or it was looked at
create index fire_due on pgrelay_cron.fire (due_by) where due_by is not null;

-- Runs that should have been: skipped after a downtime, refused by their channel, or not done by their deadline.
create table pgrelay_cron.miss (
  id bigint generated always as identity primary key,
  job text not null,
  problem text not null check (problem in ('missed', 'not_sent', 'not_done')),
  planned_at timestamptz not null,
  until timestamptz not null,                                 -- the last of several that were missed together
  event_id bigint,
  noted_at timestamptz not null,
  alert_channel text,
  alert_event_id bigint                                       -- NULL with an alert_channel: that took no event
);
create index miss_job on pgrelay_cron.miss (job, planned_at);
create index miss_noted on pgrelay_cron.miss (noted_at);
