select pgrelay.notify($1, $2)
