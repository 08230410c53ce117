select bench.write_all($1::integer)
