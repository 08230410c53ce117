vacuum (analyze) bench.queue
