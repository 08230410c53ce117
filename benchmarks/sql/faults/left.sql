-- What still waits or runs, for a message.
select e.channel, e.state, count(*)::integer as n, min(e.id)::text as first from pgrelay.events e group by 1, 2 order by 1, 2
