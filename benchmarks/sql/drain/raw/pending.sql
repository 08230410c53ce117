select max(q.id) is not null as pending from bench.queue q
