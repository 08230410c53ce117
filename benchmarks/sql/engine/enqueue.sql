-- Enqueues $2 ready events of the channel $1, dealt in turn to the priorities 0 to $3 - 1; returns their ids.
select (pgrelay.notify_many($1, array_agg('{"n":' || n || '}' order by n),
  p_priority => case when $3 > 1 then array_agg(n % $3 order by n) end))::text[] as ids
from generate_series(1, $2::integer) n
