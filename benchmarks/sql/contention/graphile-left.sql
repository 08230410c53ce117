-- Jobs that wait or run, and those that failed and wait for another try.
select count(*)::integer as left, count(*) filter (where last_error is not null)::integer as failed from graphile_worker._private_jobs
