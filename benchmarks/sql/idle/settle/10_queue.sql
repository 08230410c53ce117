-- What autovacuum would do in its own time, so that it does not fall into the measuring.
vacuum (analyze) pgrelay.queue
