select pgrelay.notify($1, json_build_object('n', $2::integer)::text)
