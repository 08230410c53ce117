-- Refreshes so far, what they took together in ms, whether the view has everything that is committed, and the times in force.
select f.refreshes::integer as refreshes, not f.dirty and not f.refreshing as fresh,
  coalesce((select sum(extract(epoch from l.duration)) * 1000 from pgauto_mv.log l where l.kind = 'attempt' and l.outcome = 'done'), 0)::float8 as took,
  format('%s / %s / %s', trim_scale(f.refresh_lag), trim_scale(f.max_wait), trim_scale(f.cooldown)) as times
from pgauto_mv.freshness f
