vacuum (analyze) pgrelay.queue
