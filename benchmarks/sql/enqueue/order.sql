insert into bench.orders (amount) values ($1::integer)
