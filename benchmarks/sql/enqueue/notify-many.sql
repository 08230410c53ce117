select cardinality(pgrelay.notify_many('bench', $1))
