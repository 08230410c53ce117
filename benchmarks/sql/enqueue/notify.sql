select pgrelay.notify('bench', $1)
