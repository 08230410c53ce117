-- The server's clock, in µs.
select (extract(epoch from clock_timestamp()) * 1000000)::double precision as micros
