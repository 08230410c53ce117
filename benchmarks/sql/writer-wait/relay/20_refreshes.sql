-- When the view was refreshed, in milliseconds by the server's clock, and what the relay says of it.
create view shop.refreshes as
select l.id, extract(epoch from l.at - l.duration)::float8 * 1000 as began, extract(epoch from l.at)::float8 * 1000 as ended, l.mode
from pgauto_mv.log l where l.kind = 'attempt' and l.outcome = 'done';
