-- $1 audit rows of events that ended during the last hour.
insert into pgrelay.log (event_id, enqueued_at, started_at, finished_at, attempt, slot, worker, node, channel, outcome)
select -n, t.at - interval '2 ms', t.at - interval '1 ms', t.at, 1, 1, 1, (select id from pgrelay.node where is_this), 'idle.1', 'done'
from generate_series(1, $1::integer) n cross join lateral (select now() - interval '1 hour' + n * (interval '1 hour' / $1) as at) t
