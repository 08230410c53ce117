-- The tables of plugin-cron. A job is a channel and the time of its next occurrence; what happened to an occurrence is
-- in pgrelay.log, as for any other event.

create table pgrelay_cron.job (
  id bigint generated always as identity primary key,
  name text not null unique check (name <> '' and octet_length(name) <= 195),
  spec text not null,                                       -- as it was given
  every interval not null check (every >= interval '1 second'),
  source text not null check (source in ('sql', 'code')),   -- who declared it: schedule(), or the options of cron()
  channel text not null,                                    -- cron.<name> for a job with a command
  payload text,
  next_fire_at timestamptz not null,
  last_planned_at timestamptz,
  last_event_id bigint,
  problem text,                                             -- SQLSTATE of the last notify(), when it was refused
  scheduled_by name not null default session_user,
  scheduled_at timestamptz not null default pgrelay.clock_now()
);
create index job_due on pgrelay_cron.job (next_fire_at);

-- Which event was sent for which occurrence. The job's name, not its id: runs outlive their job.
create table pgrelay_cron.fire (
  event_id bigint primary key,
  job text not null,
  planned_at timestamptz not null,
  fired_at timestamptz not null
);
create index fire_job on pgrelay_cron.fire (job, planned_at);
create index fire_age on pgrelay_cron.fire using brin (fired_at);
