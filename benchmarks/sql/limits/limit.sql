-- Limits the channel $1.
select pgrelay.set_limits($1, p_concurrency => $2, p_fifo => $3, p_fair => $4, p_rate => $5, p_rate_period => case when $5 is not null then interval '1 second' end)
