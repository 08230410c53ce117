-- The channel $1, whose batches may run in parallel or not ($2).
select pgrelay.register_channel($1, 'update contention.stock set quantity = quantity + 1 where id = $1::integer', p_parallel => $2)
