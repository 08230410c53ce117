-- Whether anything waits or runs. From the end: what is dead lies before it.
select max(q.id) is not null as pending from pgrelay.queue q
