select bench.schedule_jobs($1, $2, $3)
