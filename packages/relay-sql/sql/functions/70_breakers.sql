-- The circuit breakers: their settings and state. half_open: the pause is over, and one event at a time may show whether it can close.
create or replace view pgrelay.breakers as
  select c.name as channel, case when b.open_until is null then 'closed' when b.open_until > pgrelay.clock_now() then 'open' else 'half_open' end as state,
    b.open_until, b.opened_at, b.opened, b.in_a_row, b.attempts, b.bad, b.failures, b.share, b.period, b.least, b.pause, b.max_pause, b.declared
  from pgrelay.breaker b join pgrelay.channel c on c.id = b.channel_id;
