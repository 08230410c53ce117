-- $1 jobs that are never done.
select graphile_worker.add_job('hang', json_build_object('n', n)) from generate_series(1, $1::integer) n
