-- What became of each attempt at the view.
create view polite.attempts as
select l.id, l.outcome, extract(epoch from l.duration)::float8 * 1000 as ms from pgauto_mv.log l where l.kind = 'attempt';
