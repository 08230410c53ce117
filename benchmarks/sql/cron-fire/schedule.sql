select bench.schedule_seconds($1, $2, $3)
