-- Enqueues $2 ready events of the channel $1, dealt in turn to $3 keys; 0: without one. The keys go on where the last call ended.
select pgrelay.notify_many($1, array_agg('{"n":' || n || '}' order by n), p_key => case when $3 > 0 then array_agg('key ' || n % $3 order by n) end)
from generate_series($4::integer, $4::integer + $2::integer - 1) n
