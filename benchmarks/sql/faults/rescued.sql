-- Whether no event is held by a slot that nobody holds, and this process holds none: others have taken over.
select not exists (select from pgrelay.processors p where p.pid = $1)
  and not exists (select from pgrelay.events e where e.state = 'claimed' and not exists (select from pgrelay.processors p where p.slot = e.slot)) as rescued
