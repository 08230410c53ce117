-- Whether an event waits or runs.
select exists (select from pgrelay.queue) or exists (select from pgrelay.delayed) as pending
