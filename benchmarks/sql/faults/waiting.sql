-- How much waits or runs, by channel.
select e.channel, count(*)::integer as waiting from pgrelay.events e group by e.channel
