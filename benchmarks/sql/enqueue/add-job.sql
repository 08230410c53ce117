select id from graphile_worker.add_job('bench', $1::json)
