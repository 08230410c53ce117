insert into bench.effect (n) values ($1::bigint)
