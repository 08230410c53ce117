-- The rule is pgrelay.due_at() now, shared with debounced channels.
drop function if exists pgauto_mv.due_at(timestamptz, timestamptz, timestamptz, numeric, numeric, numeric);
