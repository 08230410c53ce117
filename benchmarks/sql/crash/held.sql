-- How many events a slot holds in an epoch.
select count(*)::integer as held from pgrelay.queue where slot = $1 and epoch = $2
