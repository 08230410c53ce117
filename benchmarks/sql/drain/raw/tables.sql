-- Copies of the queue and the log, columns, indexes, partitions and all, with nothing around them.
create table bench.queue (like pgrelay.queue including all);
create table bench.log (like pgrelay.log including all) partition by range (finished_at);
create table bench.log_days partition of bench.log for values from ('2000-01-01') to ('3000-01-01');
create table bench.log_default partition of bench.log default
