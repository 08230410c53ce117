-- A schedule as it is calculated with: either an interval, or the numbers that each field of a cron text names. NULL in
-- every is a cron text.
create type pgrelay.schedule_times as (
  every interval,
  seconds integer[],
  minutes integer[],
  hours integer[],
  days integer[],
  last_day boolean,      -- the last day of a month, beside days
  months integer[],
  weekdays integer[],    -- 0 is Sunday
  either_day boolean,    -- days and weekdays both restrict: one of them is enough
  every_hour boolean     -- the hour field begins with *: goes by elapsed time where clocks are changed
);
