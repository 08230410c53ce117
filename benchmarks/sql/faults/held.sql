-- Whether the process that held this slot and epoch still counts as alive, and whether it has events.
select exists (select from pgrelay.processors p where p.pid = $1) as alive,
  exists (select from pgrelay.events e where e.slot = $2 and e.state = 'claimed') as holds
