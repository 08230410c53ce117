select bench.write_one($1::integer)
