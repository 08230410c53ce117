-- The channels that are limited: their limits, how many of their events hold a permit now, and, when a rate is used up, when the next may
-- start. declared: by a handler's definition.
create or replace view pgrelay.limits as
  select c.name as channel, l.concurrency, l.key_concurrency, l.fifo, l.fair, l.rate, l.rate_period, l.declared,
    (select count(*) from pgrelay.queue q where q.channel_id = l.channel_id and q.permit >= s.low_permit and coalesce(q.slot, 0::smallint) > 0) as running, r.next_at as next_start_at
  from pgrelay.channel_limit l join pgrelay.channel c on c.id = l.channel_id join pgrelay.limit_state s on s.channel_id = l.channel_id
  cross join lateral pgrelay.rate_room(l.channel_id) r;
