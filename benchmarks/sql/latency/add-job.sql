select graphile_worker.add_job($1, json_build_object('n', $2::integer))
