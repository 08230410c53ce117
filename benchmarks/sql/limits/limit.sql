-- Limits the channel $1.
select pgrelay.set_limits($1, p_concurrency => $2::integer, p_fifo => $3, p_fair => $4, p_rate => $5::integer, p_rate_period => case when $5::integer is not null then interval '1 second' end)
