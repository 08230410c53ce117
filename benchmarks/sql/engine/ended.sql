-- How many attempts of events of the channel $1 ended, by their audit rows: well, and in any other way.
select count(*) filter (where outcome = 'done')::integer as done, count(*) filter (where outcome <> 'done')::integer as other
from pgrelay.log where channel = $1
