-- Whether anything waits or runs. From the end: what is dead lies before it.
select max(j.id) is not null as pending from graphile_worker._private_jobs j
