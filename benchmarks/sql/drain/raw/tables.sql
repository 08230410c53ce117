-- Copies of the queue and the log, columns, indexes and all, with nothing around them.
create table bench.queue (like pgrelay.queue including all);
create table bench.log (like pgrelay.log including all)
