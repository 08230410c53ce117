-- $2 endpoints, each with an address of its own in 127.0.0.0/8 at the port $1.
select count(pgrelay_http.register_endpoint(format('http.%s', n), format('http://127.1.%s.%s:%s/', n / 250, n % 250 + 1, $1::integer)))
from generate_series(0, $2::integer - 1) n
