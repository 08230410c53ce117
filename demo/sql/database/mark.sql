-- The mark by which the next run knows it may drop it. One core per refresh, so that on a small machine the figures show
-- who waits for a lock and not who waits for a processor.
comment on database pgrelay_demo is 'made by the pgrelay demo, which drops it and makes it anew';
alter database pgrelay_demo set max_parallel_workers_per_gather = 0;
