-- When the actions started, in µs by the server's clock; they are forgotten.
with gone as (delete from latency.started returning n, at)
select n, (extract(epoch from at) * 1000000)::double precision as micros from gone order by n
