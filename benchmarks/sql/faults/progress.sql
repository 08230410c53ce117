-- How many attempts each living Processor has ended since then.
select p.pid, p.slot, (select count(*)::integer from pgrelay.log l where l.slot = p.slot and l.outcome = 'done' and l.finished_at > $1::timestamptz) as done
from pgrelay.processors p
