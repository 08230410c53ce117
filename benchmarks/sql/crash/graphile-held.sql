-- How many jobs a worker holds: nobody else takes them for four hours after they were locked.
select count(*)::integer as held from graphile_worker._private_jobs where locked_at > now() - interval '4 hours'
