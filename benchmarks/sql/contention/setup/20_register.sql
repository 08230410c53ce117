-- The same action twice: with the defaults (one batch of a SQL channel at a time) and with parallel batches allowed.
select pgrelay.register_channel('contention.default', 'update contention.stock set quantity = quantity + 1 where id = $1::integer'),
  pgrelay.register_channel('contention.parallel', 'update contention.stock set quantity = quantity + 1 where id = $1::integer', p_parallel => true)
