-- The channel with its action ($1; NULL: a handler's), its mode ($2), and whether batches run in parallel ($3). Paused, so that
-- everything can wait before the clock starts.
select pgrelay.register_channel('drain', p_action_sql => $1, p_mode => $2, p_parallel => $3), pgrelay.pause_channel('drain')
