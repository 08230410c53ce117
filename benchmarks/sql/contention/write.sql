-- What the application does; when it was done, in ms by the server's clock.
update contention.stock set quantity = quantity + 1 where id = $1
returning (extract(epoch from clock_timestamp()) * 1000)::double precision as ended
