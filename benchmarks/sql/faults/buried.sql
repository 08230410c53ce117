-- Whether no slot is held by this process any more, and no event by a slot that nobody holds: others have taken over.
select not exists (select from pgrelay.processors p where p.pid = $1)
  and not exists (select from pgrelay.events e where e.state = 'claimed' and not exists (select from pgrelay.processors p where p.slot = e.slot)) as buried
