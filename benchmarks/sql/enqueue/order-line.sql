insert into bench.order_line (amount) values ($1::integer)
