-- The server's clock, in ms.
select (extract(epoch from clock_timestamp()) * 1000)::double precision as ms
