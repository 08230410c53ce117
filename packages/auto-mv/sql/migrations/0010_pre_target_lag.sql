-- A target instead of three times: refresh_lag, max_wait and cooldown are then solved from what refreshes take and how
-- changes come, within a share of a CPU. Both are set, or neither.
alter table pgauto_mv.mv
  add column target_lag interval check (target_lag > interval '0'),
  add column cpu_share numeric check (cpu_share > 0 and cpu_share <= 1),
  add constraint mv_target_has_a_share check ((target_lag is null) = (cpu_share is null));
alter type pgauto_mv.mv_settings add attribute target_lag interval, add attribute cpu_share numeric;

-- What was solved, from what; seconds. target_lag and cpu_share: for which target.
create type pgauto_mv.solved_times as (
  target_lag interval, cpu_share numeric, refresh_lag numeric, max_wait numeric, cooldown numeric,
  duration numeric,                  -- what a refresh takes; NULL: none was measured yet
  unseen numeric,                    -- from when a change is made to when it is seen, with what views above take
  delay numeric,                     -- from when a refresh is due to when it begins
  measured integer                   -- from how many refreshes
);

-- Written by the planner only, as all of this table: so that neither a refresh nor an alter_mv() waits for it.
alter table pgauto_mv.observation
  add column pauses real[],          -- of a view with a target: seconds between looks that saw a change, the latest first
  add column solved pgauto_mv.solved_times;

-- When the refresh that was claimed last had been due.
alter table pgauto_mv.state add column claimed_due timestamptz;

-- Their parameters are others now.
drop function if exists pgauto_mv.register_mv(text, text, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, regclass[]);
drop function if exists pgauto_mv.register_mv(regclass, numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, regclass[]);
drop function if exists pgauto_mv.alter_mv(text, text, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, text[], regclass[]);
drop function if exists pgauto_mv.alter_mv(regclass, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, text[], regclass[]);
drop function if exists pgauto_mv.simulate_mv(regclass, numeric, numeric, numeric, interval);
