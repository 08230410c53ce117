-- Whether this process holds a slot.
select exists (select from pgrelay.processors p where p.pid = $1) as attached
